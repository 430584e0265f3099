"""An adapter file by its names and shapes alone, whatever trainer wrote it; without torch."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from nodeflow.diffusion.adapters.names import without_processor
from nodeflow.diffusion.checkpoint.header import CheckpointError, Header, read_header

SUFFIXES: Mapping[str, str] = {
    ".lora_up.weight": "up", ".lora_down.weight": "down", ".lora_mid.weight": "mid",
    ".lora.up.weight": "up", ".lora.down.weight": "down",
    ".up.weight": "up", ".down.weight": "down",
    ".lora_B.weight": "up", ".lora_A.weight": "down",
    ".lora_B.default.weight": "up", ".lora_A.default.weight": "down",
    ".lora_linear_layer.up.weight": "up", ".lora_linear_layer.down.weight": "down",
    ".lora_magnitude_vector": "magnitude", ".lora_magnitude_vector.weight": "magnitude",
    ".lora_magnitude_vector.default.weight": "magnitude",
    ".alpha": "alpha", ".dora_scale": "dora_scale", ".rescale": "rescale",
    ".hada_w1_a": "w1_a", ".hada_w1_b": "w1_b", ".hada_w2_a": "w2_a", ".hada_w2_b": "w2_b",
    ".hada_t1": "t1", ".hada_t2": "t2",
    ".lokr_w1": "k1", ".lokr_w1_a": "k1_a", ".lokr_w1_b": "k1_b",
    ".lokr_w2": "k2", ".lokr_w2_a": "k2_a", ".lokr_w2_b": "k2_b", ".lokr_t2": "kt2",
    ".oft_blocks": "oft", ".oft_diag": "oft",
    ".diff": "diff", ".diff_b": "diff_b", ".w_norm": "diff", ".b_norm": "diff_b",
}  # fmt: skip
"""Ends of names to the role of the tensor, in kohya's, LyCORIS's, diffusers' and PEFT's files."""

HADAMARD = ("w1_a", "w1_b", "w2_a", "w2_b")
KRONECKER = ("k1", "k1_a", "k1_b", "k2", "k2_a", "k2_b", "kt2")

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


def missing(roles: Container[str]) -> tuple[str, ...]:
    """The roles that an entry lacks to be of the kind that those it has tell."""

    def lacking(*wanted: str) -> tuple[str, ...]:
        return tuple(role for role in wanted if role not in roles)

    def some(*names: str) -> bool:
        return any(name in roles for name in names)

    if some("up", "down"):
        return lacking("up", "down")
    if some(*HADAMARD):
        return lacking(*HADAMARD, *(("t1", "t2") if some("t1", "t2") else ()))
    if some(*KRONECKER):
        factors = (factor for factor in ("k1", "k2") if factor not in roles)
        return tuple(part for k in factors for part in lacking(f"{k}_a", f"{k}_b"))
    return ()


def check_adapter(path: Path) -> None:
    """Raise CheckpointError where a file holds nothing that an adapter has, or a half of it."""
    header = read_header(path)
    stems = group(header.tensors).stems
    if not stems:
        example = next(iter(header.tensors), "nothing at all")
        raise CheckpointError(f"it is no LoRA or relative of one (it holds '{example}' …)")
    for stem, roles in stems.items():
        if lacks := missing(roles):
            raise CheckpointError(f"'{stem}' has no {' and no '.join(lacks)}")


def context_width(header: Header) -> int | None:
    """Width of the text embeddings of the models it is for, or None where it does not say.

    The keys of attention over the text take vectors of that width.
    """
    for stem, roles in group(header.tensors).stems.items():
        if stem.replace(".", "_").endswith("attn2_to_k"):
            factor = roles.get("down") or roles.get("w1_b")
            shape = header.shape(factor) if factor is not None else None
            if shape is not None and len(shape) > 1:
                return shape[1]
    return None
