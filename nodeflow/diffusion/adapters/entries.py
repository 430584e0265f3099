"""The entries of an adapter file as changes to weights, whatever trainer wrote them."""

from collections.abc import Callable, Mapping
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
from nodeflow.diffusion.adapters.grouping import HADAMARD, KRONECKER, missing

Leaf = Literal["weight", "bias"]
Read = Callable[[str], Tensor]


class IncompleteEntry(Exception):
    """An entry lacks a tensor that its kind needs; the message names it."""


def _kronecker(roles: Mapping[str, str], read: Read, alpha: float | None) -> Kronecker:
    rank = None
    if "k1" in roles:
        first = read(roles["k1"])
    else:
        a, b = read(roles["k1_a"]).float(), read(roles["k1_b"]).float()
        first, rank = a @ b, b.shape[0]
    if "k2" in roles:
        second = read(roles["k2"])
    else:
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

    Scale is alpha / rank, 1 without an alpha; an OFT file's alpha is its constraint for each
    output channel (LyCORIS, sd-scripts).
    """
    if lacks := missing(roles):
        raise IncompleteEntry(f"'{stem}' has no {' and no '.join(lacks)}")
    alpha = float(read(roles["alpha"])) if "alpha" in roles else None
    change: Change | None = None
    if "up" in roles or "down" in roles:
        down = read(roles["down"])
        scale = 1.0 if alpha is None else alpha / down.shape[0]
        mid = read(roles["mid"]) if "mid" in roles else None
        change = LowRank(read(roles["up"]), down, scale, mid)
    elif any(role in roles for role in HADAMARD):
        w1b = read(roles["w1_b"])
        cores = None
        if "t1" in roles or "t2" in roles:
            cores = read(roles["t1"]), read(roles["t2"])
        change = Hadamard(
            (read(roles["w1_a"]), w1b),
            (read(roles["w2_a"]), read(roles["w2_b"])),
            1.0 if alpha is None else alpha / w1b.shape[0],
            cores,
        )
    elif any(role in roles for role in KRONECKER):
        change = _kronecker(roles, read, alpha)
    elif "oft" in roles:
        blocks = read(roles["oft"])
        rescale = read(roles["rescale"]) if "rescale" in roles else None
        kind = Butterfly if blocks.dim() == 4 else BlockRotation
        turned = blocks.shape[-3] * blocks.shape[-2]
        change = kind(blocks, (alpha or 0.0) * turned, rescale)
    elif "diff" in roles:
        change = Difference(read(roles["diff"]))
    if change is not None and "dora_scale" in roles:
        change = Decomposed(change, read(roles["dora_scale"]))
    elif change is not None and "magnitude" in roles:
        change = Decomposed(change, read(roles["magnitude"]).flatten())
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
