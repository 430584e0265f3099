"""How many numbers the weights in model files are, by headers alone.

None where that is not known; what is not sound is reported by the file's own check.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, wraps
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from nodeflow.node.facts import Weights

if TYPE_CHECKING:
    from nodeflow.diffusion.checkpoint.header import Header

Parts = tuple[Weights, ...] | None
ENCODER, DECODER = "encoder", "decoder"
CHANGED = "changed:"
"""Before the name of a weight of which an adapter makes another."""
HALVES = {ENCODER: ("encoder.", "quant_conv."), DECODER: ("decoder.", "post_quant_conv.")}
"""An autoencoder's halves, and how the names of their weights begin."""


def together(*parts: Parts) -> Parts:
    """All of them, each once; None where one is not known."""
    known = [part for part in parts if part is not None]
    return tuple(dict.fromkeys(w for p in known for w in p)) if len(known) == len(parts) else None


def of_halves(parts: Parts, *halves: str) -> Parts:
    """Those of an autoencoder's halves."""
    return None if parts is None else tuple(weights for weights in parts if weights.part in halves)


def stamp(path: Path) -> tuple[int, int]:
    """What tells a file from the one that had its name before."""
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size


def _sound(count: Callable[[Path], tuple[Weights, ...]]) -> Callable[[Path], Parts]:
    """None of a file that is not sound; one that is as it was is not counted again."""

    @lru_cache(maxsize=64)
    def counted(path: Path, stamped: tuple[int, int]) -> Parts:
        from nodeflow.diffusion.checkpoint.header import CheckpointError

        try:
            return count(path)
        except CheckpointError:
            return None

    return wraps(count)(lambda path: counted(path, stamp(path)))


@_sound
def text_weights(path: Path) -> tuple[Weights, ...]:
    """Of each text encoder in a file; a compact table of tokens is spread over all of them."""
    from nodeflow.diffusion.checkpoint.detect_text import TOKEN_IDS, VOCABULARY
    from nodeflow.diffusion.checkpoint.parts import text_parts

    found = []
    for tower, part in text_parts(path).items():
        own, prefix = part.own(), part.place.prefix
        count = sum(prod(info.shape) for info in own.values())
        if prefix + TOKEN_IDS in own:
            count += (VOCABULARY - part.config.vocabulary) * part.config.width
        found.append(Weights(str(tower), str(path), count))
    return tuple(found)


@_sound
def vae_weights(path: Path) -> tuple[Weights, ...]:
    """Of an autoencoder's halves, float32 on every device."""
    from nodeflow.diffusion.checkpoint.parts import vae_part

    part = vae_part(path)
    prefix = part.place.prefix
    own = {name.removeprefix(prefix): prod(info.shape) for name, info in part.own().items()}
    return tuple(
        Weights(half, str(path), sum(n for name, n in own.items() if name.startswith(starts)), True)
        for half, starts in HALVES.items()
    )


@_sound
def vision_weights(path: Path) -> tuple[Weights, ...]:
    """Of an image encoder."""
    from nodeflow.diffusion.checkpoint.parts import vision_part

    own = vision_part(path).own().values()
    return (Weights("vision", str(path), sum(prod(info.shape) for info in own)),)


@_sound
def file_weights(path: Path) -> tuple[Weights, ...]:
    """Of a file that is used whole, beside a model; what a Control-LoRA holds as two factors is in
    memory as their product."""
    from nodeflow.diffusion.checkpoint.header import read_header

    tensors = read_header(path).tensors
    count = sum(prod(info.shape) for info in tensors.values())
    for name, up in tensors.items():
        down = tensors.get(f"{name.removesuffix('.up')}.down")
        if name.endswith(".up") and down is not None:
            count += up.shape[0] * prod(down.shape[1:]) - prod(up.shape) - prod(down.shape)
    return (Weights("whole", str(path), count),)


def changed(parts: Parts, header: "Header") -> Parts:
    """A model's or text encoders' weights and those that a LoRA gives them anew.

    The network as it was stays in memory, and shares with the changed one what no LoRA changes.
    """
    from nodeflow.diffusion.adapters.grouping import group
    from nodeflow.diffusion.adapters.names import PREFIXES, Target
    from nodeflow.diffusion.recipe import Tower

    if parts is None:
        return None
    bases = {weights.part: weights for weights in parts if not weights.part.startswith(CHANGED)}
    texts = [bases[tower] for tower in (Tower.L, Tower.H) if tower in bases]
    second = [bases[Tower.G]] if Tower.G in bases else []
    models = [bases["unet"]] if "unet" in bases else []
    found = list(parts)
    for stem, roles in group(header.tensors).stems.items():
        if stem.startswith(PREFIXES[Target.TEXT]):
            bodies = texts
        else:
            bodies = second if stem.startswith(PREFIXES[Target.TEXT_2]) else models
        if not bodies:
            continue
        count = _changed_count(header, roles)
        if count is None:
            return None
        found += [Weights(CHANGED + stem, base.file, count) for base in bodies]
    return tuple(dict.fromkeys(found))


def _changed_count(header: "Header", roles: Mapping[str, str]) -> int | None:
    """How many numbers the weight has that an entry changes, by the sizes of its factors."""

    def shape(role: str) -> tuple[int, ...] | None:
        return header.shape(roles[role]) if role in roles else None

    def sides(out: str, into: str) -> Iterable[int] | None:
        rows, columns = shape(out), shape(into)
        return None if rows is None or columns is None else (rows[0], *columns[1:])

    if "mid" in roles or "t1" in roles:
        return None
    whole = shape("diff")
    found = whole if whole is not None else sides("up", "down") or sides("w1_a", "w1_b")
    return None if found is None else prod(found)
