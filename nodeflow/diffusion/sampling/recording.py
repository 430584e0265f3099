"""What a model answered, kept under a key of everything that decided it.

The key of a wish is the digest of its bytes: model, noise level, latents, embeddings. Equal keys
mean equal bytes in, so a recorded answer is the answer. Nothing about samplers, seeds or steps is
in it, and nothing need be: whatever leads to the same wish may share the answer.
"""

import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum
from hashlib import blake2b
from typing import Protocol

import torch
from torch import Tensor

from nodeflow.diffusion.guidance.rows import Rows, Wish
from nodeflow.diffusion.recipe import WeightsFile
from nodeflow.diffusion.unet.interventions import NONE

SCHEME = "2"
HELD = 256
"""Tensors whose digests are remembered at a time."""


class Recordings(Protocol):
    """Where answers are kept. Neither method fails: what cannot be kept is computed again."""

    def get(self, key: str) -> bytes | None:
        """A sound recording, or None."""

    def put(self, key: str, data: bytes) -> None:
        """Keep bytes; what takes long is done beside the caller."""


def canonical(value: object) -> str:
    """A frozen value as text, equal where the values are; of files only the content counts."""
    if isinstance(value, WeightsFile):
        return value.fingerprint
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, tuple | list):
        return "(" + ",".join(canonical(item) for item in value) + ")"
    if isinstance(value, float):
        return value.hex()
    if isinstance(value, Tensor):
        return blake2b(content(value), digest_size=20).hexdigest()
    if isinstance(value, dict):
        return canonical(tuple(sorted((str(k), canonical(v)) for k, v in value.items())))
    if is_dataclass(value):
        parts = (f"{f.name}={canonical(getattr(value, f.name))}" for f in fields(value))
        return f"{type(value).__name__}({','.join(parts)})"
    if value is None or isinstance(value, bool | int | str | bytes):
        return repr(value)
    # Nothing is known of such a value but that it is itself; it equals no other.
    return f"{type(value).__qualname__} {secrets.token_hex(16)}"


def content(tensor: Tensor) -> memoryview:
    """The bytes of a tensor."""
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    return flat.view(torch.uint8).numpy().data


@dataclass
class WishKeys:
    """Keys of the wishes of one sampling. `model` names the model and how it is called."""

    model: str
    _known: dict[int, tuple[Tensor, bytes]] = field(default_factory=dict)

    def of(self, wish: Wish) -> str | None:
        """BLAKE2b (hex, 20 bytes), or None where interventions have no name."""
        total = blake2b(f"{SCHEME}:{self.model}:".encode(), digest_size=20)
        for rows in wish:
            if rows.interventions is not NONE and not rows.variant:
                return None
            shapes = [None if t is None else tuple(t.shape) for t in self.lasting(rows)]
            nets = [(canonical(c.net), float(c.strength).hex()) for c in rows.controls]
            nets += [(canonical(p.adapter), float(p.weight).hex()) for p in rows.pictures]
            if rows.grounding is not None:
                nets.append((canonical(rows.grounding.net), canonical(rows.grounding.boxes)))
            head = (float(rows.sigma).hex(), rows.answer_shape, rows.variant, shapes, nets)
            total.update(repr(head).encode())
            total.update(content(rows.x))
            if rows.extra is not None:
                total.update(repr(tuple(rows.extra.shape)).encode())
                total.update(content(rows.extra))
            for tensor in self.lasting(rows):
                if tensor is not None:
                    total.update(self.digest(tensor))
            if rows.hooks:
                total.update(canonical(rows.hooks).encode())
        return total.hexdigest()

    @staticmethod
    def lasting(rows: Rows) -> tuple[Tensor | None, ...]:
        """The tensors that stay the same from step to step."""
        shown = [tensor for p in rows.pictures for tensor in (p.tokens, p.mask)]
        boxed = () if rows.grounding is None else rows.grounding.texts
        hints = [control.hint for control in rows.controls]
        return rows.embedding, rows.labels, *hints, *shown, *boxed

    def digest(self, tensor: Tensor) -> bytes:
        """A tensor's digest, computed once; the tensor is held so that its id stays its own."""
        known = self._known.get(id(tensor))
        if known is None:
            if len(self._known) >= HELD:
                self._known.clear()
            known = (tensor, blake2b(content(tensor), digest_size=20).digest())
            self._known[id(tensor)] = known
        return known[1]


def encode(answers: Sequence[Tensor]) -> bytes:
    """The answers to a wish, one after the other."""
    return b"".join(content(answer.float()) for answer in answers)


def decode(data: bytes, wish: Wish) -> list[Tensor] | None:
    """The answers to a wish, or None where the bytes are not as many as they must be."""
    sizes = [math.prod(rows.answer_shape) for rows in wish]
    if len(data) != 4 * sum(sizes):
        return None
    parts = torch.split(torch.frombuffer(bytearray(data), dtype=torch.float32), sizes)
    return [part.view(rows.answer_shape).to(rows.x) for part, rows in zip(parts, wish, strict=True)]
