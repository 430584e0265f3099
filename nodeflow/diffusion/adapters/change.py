"""What one entry of an adapter does to one weight, each by the formula of its paper.

All arithmetic is float32. `delta(weight)` is what strength 1 adds to the weight.
"""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from nodeflow.diffusion.room import Allocate


class Change(Protocol):
    """A change to one weight or bias."""

    def delta(self, weight: Tensor) -> Tensor:
        """What is added at strength 1, in the shape of `weight` (float32)."""


def tucker(core: Tensor, out_side: Tensor, in_side: Tensor) -> Tensor:
    """`[out, in, kh, kw]` from a core `[r, r, kh, kw]`, `[r, out]` and `[r, in]`."""
    return torch.einsum("i j k l, i o, j n -> o n k l", core, out_side, in_side)


@dataclass(frozen=True, eq=False)
class LowRank:
    """LoRA (arXiv 2106.09685): `scale · up @ down`; with `mid` a convolution in three parts.

    up `[out, r]` or `[out, r, 1, 1]`; down `[r, in]` or `[r, in, kh, kw]`; mid `[r, r, kh, kw]`.
    """

    up: Tensor
    down: Tensor
    scale: float
    mid: Tensor | None = None

    def delta(self, weight: Tensor) -> Tensor:
        up, down = self.factors()
        return self.scale * (up @ down).reshape(weight.shape)

    def onto(self, weight: Tensor, strength: float, result: Tensor) -> None:
        """Write `weight` with the change at a strength to `result`, which is contiguous."""
        up, down = self.factors()
        rows = result.view(weight.flatten(1).shape)
        torch.addmm(weight.flatten(1), up, down, alpha=strength * self.scale, out=rows)

    def factors(self) -> tuple[Tensor, Tensor]:
        """`[out, r]` and `[r, in · kh · kw]`, float32."""
        up, down = self.up.float(), self.down.float()
        if self.mid is not None:
            down = torch.einsum("o r k l, r i -> o i k l", self.mid.float(), down.flatten(1))
        return up.flatten(1), down.flatten(1)


@dataclass(frozen=True, eq=False)
class Hadamard:
    """LoHa (arXiv 2108.06098): `scale · (a1 @ b1) ∘ (a2 @ b2)`, with Tucker cores for kernels.

    a `[out, r]` and b `[r, in]`; with a core, a is `[r, out]`.
    """

    first: tuple[Tensor, Tensor]
    second: tuple[Tensor, Tensor]
    scale: float
    cores: tuple[Tensor, Tensor] | None = None

    def delta(self, weight: Tensor) -> Tensor:
        pairs = [tuple(t.float() for t in pair) for pair in (self.first, self.second)]
        if self.cores is None:
            one, two = (a @ b for a, b in pairs)
        else:
            one, two = (
                tucker(core.float(), a, b) for core, (a, b) in zip(self.cores, pairs, strict=True)
            )
        return self.scale * (one * two).reshape(weight.shape)


@dataclass(frozen=True, eq=False)
class Kronecker:
    """LoKr (LyCORIS, arXiv 2309.14859): `scale · w1 ⊗ w2`."""

    first: Tensor
    second: Tensor
    scale: float

    def delta(self, weight: Tensor) -> Tensor:
        first, second = self.first.float(), self.second.float().contiguous()
        if second.dim() == 4 and first.dim() == 2:
            first = first[:, :, None, None]
        return self.scale * torch.kron(first, second).reshape(weight.shape)


def cayley(skew: Tensor) -> Tensor:
    """Rotations `(I + Q)(I - Q)^-1` of blocks `[..., b, b]` of skew matrices, in float32."""
    eye = torch.eye(skew.shape[-1], dtype=skew.dtype, device=skew.device)
    turned: Tensor = torch.linalg.solve(eye - skew, eye + skew, left=False)
    return turned.float()


def skew_of(blocks: Tensor, constraint: float) -> Tensor:
    """The skew parts of blocks, their common norm cut to `constraint` where it is above 0.

    In float64: a norm of millions of numbers loses the fifth digit in float32, and every rotation
    has its error.
    """
    skew = blocks.double() - blocks.double().transpose(-1, -2)
    if constraint > 0:
        norm = float(skew.norm())
        skew = skew * (min(norm, constraint) / (norm + 1e-8))
    return skew


@dataclass(frozen=True, eq=False)
class BlockRotation:
    """OFT (arXiv 2306.07280): output channels, block by block, are turned by a rotation.

    blocks `[n, b, b]`; constraint 0 means none; rescale multiplies the turned rows.
    """

    blocks: Tensor
    constraint: float
    rescale: Tensor | None = None

    def delta(self, weight: Tensor) -> Tensor:
        w = weight.float()
        turns = cayley(skew_of(self.blocks, self.constraint))
        rows = w.reshape(*turns.shape[:2], -1)
        turned = torch.einsum("k n m, k n i -> k m i", turns, rows).reshape(w.shape)
        if self.rescale is not None:
            turned = turned * self.rescale.float().reshape(-1, *[1] * (w.dim() - 1))
        return turned - w


@dataclass(frozen=True, eq=False)
class Butterfly:
    """BOFT (arXiv 2311.06243): a product of block rotations on permuted output channels.

    blocks `[factors, n, b, b]`; b is even.
    """

    blocks: Tensor
    constraint: float
    rescale: Tensor | None = None

    def delta(self, weight: Tensor) -> Tensor:
        w = weight.float()
        size = self.blocks.shape[-1]
        turns = cayley(skew_of(self.blocks, self.constraint))
        rows = w.reshape(len(w), -1)
        for level, turn in enumerate(turns):
            stride = 2**level * (size // 2)
            mixed = rows.reshape(-1, 2, stride, rows.shape[1]).transpose(1, 2)
            grouped = mixed.reshape(-1, size, rows.shape[1])
            turned = torch.einsum("b i j, b j n -> b i n", turn, grouped).reshape(mixed.shape)
            rows = turned.transpose(1, 2).reshape(rows.shape)
        turned_all = rows.reshape(w.shape)
        if self.rescale is not None:
            turned_all = turned_all * self.rescale.float().reshape(-1, *[1] * (w.dim() - 1))
        return turned_all - w


@dataclass(frozen=True, eq=False)
class Difference:
    """A whole difference, as `diff`, `diff_b`, `w_norm` and `b_norm` entries have it."""

    value: Tensor

    def delta(self, weight: Tensor) -> Tensor:
        return self.value.float().reshape(weight.shape)


@dataclass(frozen=True, eq=False)
class Decomposed:
    """DoRA (arXiv 2402.09353): the direction of the changed weight, with a learnt magnitude.

    magnitude holds one number for each output channel (`[out]`, `[out, 1, …]`), or for each input
    channel (`[1, in, …]`, as LyCORIS wrote it first).
    """

    change: Change
    magnitude: Tensor

    def delta(self, weight: Tensor) -> Tensor:
        w = weight.float()
        moved = w + self.change.delta(w)
        per_input = self.magnitude.numel() == w.shape[1]
        axis = 1 if per_input and self.magnitude.shape[0] != w.shape[0] else 0
        others = [d for d in range(w.dim()) if d != axis]
        length = torch.linalg.vector_norm(moved, dim=others, keepdim=True)
        length = length + torch.finfo(w.dtype).eps
        stretch = self.magnitude.float().reshape(length.shape) / length
        result: Tensor = moved * stretch - w
        return result


def changed(
    weight: Tensor, change: Change, strength: float, allocate: Allocate = torch.empty_like
) -> Tensor:
    """The weight with a change at a strength, in its own dtype; 0 gives the weight itself."""
    if strength == 0:
        return weight
    whole = weight.float()
    if isinstance(change, LowRank):
        result = allocate(whole)
        change.onto(whole, strength, result)
        return result.to(weight.dtype)
    return (whole + strength * change.delta(whole)).to(weight.dtype)
