"""What adapters add to a weight, by the published formulas in float64; independent of ours."""

from collections.abc import Mapping

import torch
from torch import Tensor

from tests.diffusion.adapters.formats import Suffixes


def drawn(
    shape: tuple[int, ...], suffixes: Suffixes, seed: int, size: float = 0.3
) -> dict[str, Tensor]:
    """Random tensors of a format for one weight; alpha is half the rank, or a constraint.

    size: about how large they are.
    """
    made = torch.Generator().manual_seed(seed)
    found: dict[str, Tensor] = {}
    for name, of in suffixes(shape).items():
        value = torch.randn(of, generator=made)
        if name == ".alpha":
            found[name] = torch.tensor(2.0)
        elif name == ".rescale" or name == ".dora_scale":
            found[name] = 1 + size / 3 * value
        elif name == ".oft_blocks":
            found[name] = size / 6 * value
        elif name == ".diff":
            found[name] = 0.01 * value
        else:
            found[name] = size * value
    if ".oft_blocks" in found:
        found[".alpha"] = torch.tensor(1e-3)
    return found


def product(tensors: Mapping[str, Tensor], one: str, two: str, core: str | None = None) -> Tensor:
    """`one @ two`, or the Tucker form `[out, in, kh, kw]` with a core."""
    a, b = tensors[one], tensors[two]
    if core is None or core not in tensors:
        return a @ b.flatten(1)
    return torch.tensordot(
        a.T, torch.tensordot(tensors[core], b, dims=([1], [0])), dims=([1], [0])
    ).permute(0, 3, 1, 2)


def turned(weight: Tensor, blocks: Tensor, constraint: float) -> Tensor:
    """Rows of a matrix under `blockdiag((I + Q)(I - Q)^-1)^T`, block after block."""
    skew = blocks - blocks.transpose(1, 2)
    if constraint:
        skew = skew * min(1.0, constraint / float(skew.norm()))
    size, out = blocks.shape[1], torch.empty_like(weight)
    eye = torch.eye(size, dtype=torch.float64)
    for n, q in enumerate(skew):
        rows = slice(n * size, (n + 1) * size)
        out[rows] = ((eye + q) @ torch.linalg.inv(eye - q)).T @ weight[rows]
    return out


def butterfly(weight: Tensor, factors: Tensor, constraint: float) -> Tensor:
    """Rows of a matrix under each factor's blocks, on rows that lie ever farther apart."""
    skew = factors - factors.transpose(2, 3)
    if constraint:
        skew = skew * min(1.0, constraint / float(skew.norm()))
    size, out = factors.shape[2], weight.clone()
    eye, half = torch.eye(size, dtype=torch.float64), size // 2
    for level, blocks in enumerate(skew):
        stride = half * 2**level
        pairs = torch.arange(len(weight)).reshape(-1, 2, stride)
        order = pairs.transpose(1, 2).reshape(-1, size)
        moved = out.clone()
        for q, rows in zip(blocks, order, strict=True):
            moved[rows] = (eye + q) @ torch.linalg.inv(eye - q) @ out[rows]
        out = moved
    return out


def changed(weight: Tensor, given: Mapping[str, Tensor]) -> Tensor:
    """A weight with an adapter's change at strength 1, float64; names by their ends."""
    w, t = weight.double(), {n: v.double() for n, v in given.items()}
    alpha = float(t.get(".alpha", torch.tensor(0.0)))
    if ".diff" in t:
        return w + t[".diff"]
    if ".oft_blocks" in t:
        blocks, rows = t[".oft_blocks"], w.flatten(1)
        move = turned if blocks.dim() == 3 else butterfly
        result = move(rows, blocks, alpha * len(rows)).reshape(w.shape)
        if ".rescale" in t:
            result = result * t[".rescale"].reshape(-1, *[1] * (w.dim() - 1))
        return result
    if ".lora_up.weight" in t:
        up, down = t[".lora_up.weight"], t[".lora_down.weight"]
        if ".lora_mid.weight" in t:
            delta = torch.einsum("or,rskl,si->oikl", up[..., 0, 0], t[".lora_mid.weight"],
                                 down[..., 0, 0])  # fmt: skip
        else:
            delta = up.flatten(1) @ down.flatten(1)
        moved = w + alpha / len(down) * delta.reshape(w.shape)
        if ".dora_scale" not in t:
            return moved
        axes = [d for d in range(w.dim()) if t[".dora_scale"].shape[d] == 1]
        return t[".dora_scale"] * moved / torch.linalg.vector_norm(moved, dim=axes, keepdim=True)
    if ".hada_w1_a" in t:
        parts = [product(t, f".hada_w{n}_a", f".hada_w{n}_b", f".hada_t{n}") for n in (1, 2)]
        return w + alpha / len(t[".hada_w1_b"]) * (parts[0] * parts[1]).reshape(w.shape)
    ranks = [len(t[name]) for name in (".lokr_w2_b", ".lokr_w1_b") if name in t]
    first = t[".lokr_w1"] if ".lokr_w1" in t else product(t, ".lokr_w1_a", ".lokr_w1_b")
    second = t.get(".lokr_w2")
    if second is None:
        second = product(t, ".lokr_w2_a", ".lokr_w2_b", ".lokr_t2")
    out, into = w.shape[0] // len(first), w.shape[1] // first.shape[1]
    blocks = torch.einsum("ab,cdk->acbdk", first, second.reshape(out, into, -1))
    return w + (alpha / ranks[0] if ranks else 1.0) * blocks.reshape(w.shape)
