"""The entries of an adapter file: names and tensors to changes, whatever trainer wrote them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from nodeflow.diffusion.adapters.change import (
    BlockRotation,
    Butterfly,
    Change,
    Decomposed,
    Difference,
    Hadamard,
    Kronecker,
    LowRank,
    tucker,
)
from nodeflow.diffusion.adapters.names import without_processor

Leaf = Literal["weight", "bias"]
Read = Callable[[str], Tensor]

SUFFIXES: Mapping[str, str] = {
    ".lora_up.weight": "up", ".lora_down.weight": "down", ".lora_mid.weight": "mid",
    ".lora.up.weight": "up", ".lora.down.weight": "down",
    ".up.weight": "up", ".down.weight": "down",
    ".lora_B.weight": "up", ".lora_A.weight": "down",
    ".lora_B.default.weight": "up", ".lora_A.default.weight": "down",
    ".lora_linear_layer.up.weight": "up", ".lora_linear_layer.down.weight": "down",
    ".lora_magnitude_vector": "dora_scale", ".lora_magnitude_vector.weight": "dora_scale",
    ".lora_magnitude_vector.default.weight": "dora_scale",
    ".alpha": "alpha", ".dora_scale": "dora_scale", ".rescale": "rescale",
    ".hada_w1_a": "w1_a", ".hada_w1_b": "w1_b", ".hada_w2_a": "w2_a", ".hada_w2_b": "w2_b",
    ".hada_t1": "t1", ".hada_t2": "t2",
    ".lokr_w1": "k1", ".lokr_w1_a": "k1_a", ".lokr_w1_b": "k1_b",
    ".lokr_w2": "k2", ".lokr_w2_a": "k2_a", ".lokr_w2_b": "k2_b", ".lokr_t2": "kt2",
    ".oft_blocks": "oft", ".oft_diag": "oft",
    ".diff": "diff", ".diff_b": "diff_b", ".w_norm": "diff", ".b_norm": "diff_b",
}  # fmt: skip
"""Ends of names to the role of the tensor, in kohya's, LyCORIS's, diffusers' and PEFT's files."""

_ENDS = sorted(SUFFIXES, key=len, reverse=True)


def split(name: str) -> tuple[str, str] | None:
    """(stem, role) of a tensor's name, or None where its end says nothing."""
    for end in _ENDS:
        if name.endswith(end):
            return without_processor(name.removesuffix(end)), SUFFIXES[end]
    return None


@dataclass(frozen=True)
class Grouped:
    """Tensor names of a file by the module they belong to, and those that were not understood."""

    stems: Mapping[str, Mapping[str, str]]
    unknown: tuple[str, ...]


def group(names: Iterable[str]) -> Grouped:
    """All names of a file by stem and role."""
    stems: dict[str, dict[str, str]] = {}
    unknown = []
    for name in names:
        found = split(name)
        if found is None:
            unknown.append(name)
        else:
            stems.setdefault(found[0], {})[found[1]] = name
    return Grouped(stems, tuple(unknown))


class IncompleteEntry(Exception):
    """An entry lacks a tensor that its kind needs; the message names it."""


def _need(stem: str, roles: Mapping[str, str], *wanted: str) -> None:
    missing = [role for role in wanted if role not in roles]
    if missing:
        raise IncompleteEntry(f"'{stem}' has no {' and no '.join(missing)}")


def _kronecker(stem: str, roles: Mapping[str, str], read: Read, alpha: float | None) -> Kronecker:
    rank = None
    if "k1" in roles:
        first = read(roles["k1"])
    else:
        _need(stem, roles, "k1_a", "k1_b")
        a, b = read(roles["k1_a"]).float(), read(roles["k1_b"]).float()
        first, rank = a @ b, b.shape[0]
    if "k2" in roles:
        second = read(roles["k2"])
    else:
        _need(stem, roles, "k2_a", "k2_b")
        a, b = read(roles["k2_a"]).float(), read(roles["k2_b"]).float()
        rank = b.shape[0]
        if "kt2" in roles:
            second = tucker(read(roles["kt2"]).float(), a, b)
        else:
            second = (a @ b.flatten(1)).reshape(a.shape[0], *b.shape[1:])
    scale = 1.0 if rank is None or alpha is None else alpha / rank
    return Kronecker(first, second, scale)


def change_of(stem: str, roles: Mapping[str, str], read: Read) -> dict[Leaf, Change]:
    """The changes to a module's weight and bias. Raises IncompleteEntry.

    Scale is alpha / rank, 1 without an alpha; an OFT file's alpha is its constraint.
    """
    alpha = float(read(roles["alpha"])) if "alpha" in roles else None
    change: Change | None = None
    if "up" in roles or "down" in roles:
        _need(stem, roles, "up", "down")
        down = read(roles["down"])
        scale = 1.0 if alpha is None else alpha / down.shape[0]
        mid = read(roles["mid"]) if "mid" in roles else None
        change = LowRank(read(roles["up"]), down, scale, mid)
    elif any(role in roles for role in ("w1_a", "w1_b", "w2_a", "w2_b")):
        _need(stem, roles, "w1_a", "w1_b", "w2_a", "w2_b")
        w1b = read(roles["w1_b"])
        cores = None
        if "t1" in roles or "t2" in roles:
            _need(stem, roles, "t1", "t2")
            cores = read(roles["t1"]), read(roles["t2"])
        change = Hadamard(
            (read(roles["w1_a"]), w1b),
            (read(roles["w2_a"]), read(roles["w2_b"])),
            1.0 if alpha is None else alpha / w1b.shape[0],
            cores,
        )
    elif any(role.startswith("k") for role in roles):
        change = _kronecker(stem, roles, read, alpha)
    elif "oft" in roles:
        blocks = read(roles["oft"])
        rescale = read(roles["rescale"]) if "rescale" in roles else None
        kind = Butterfly if blocks.dim() == 4 else BlockRotation
        change = kind(blocks, alpha or 0.0, rescale)
    elif "diff" in roles:
        change = Difference(read(roles["diff"]))
    if change is not None and "dora_scale" in roles:
        change = Decomposed(change, read(roles["dora_scale"]))
    changes: dict[Leaf, Change] = {}
    if change is not None:
        changes["weight"] = change
    if "diff_b" in roles:
        changes["bias"] = Difference(read(roles["diff_b"]))
    if not changes:
        raise IncompleteEntry(
            f"'{stem}' has only {', '.join(sorted(roles))}, which changes nothing"
        )
    return changes
