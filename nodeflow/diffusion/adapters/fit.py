"""Whether an adapter fits a network: entries found by name, shapes compared, nothing computed."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from nodeflow.diffusion.adapters.grouping import Grouped, group
from nodeflow.diffusion.adapters.names import PREFIXES, Target, module_aliases
from nodeflow.diffusion.checkpoint.header import CheckpointError, Header

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Fit:
    """entries: our module name to the stem and the tensors (role to name) that change it.

    strangers: stems meant for this target that name no module. elsewhere: stems of other targets.
    unknown: tensors whose names end in nothing that an adapter has.
    """

    entries: Mapping[str, tuple[str, Mapping[str, str]]]
    strangers: tuple[str, ...]
    elsewhere: tuple[str, ...]
    unknown: tuple[str, ...]


def target_of(stem: str) -> Target:
    """Whose weights a stem names, by its prefix; the UNet's where it has none."""
    for target in (Target.TEXT, Target.TEXT_2):
        if stem.startswith(PREFIXES[target]):
            return target
    return Target.UNET


def modules_of(shapes: Mapping[str, Shape]) -> list[str]:
    """Names of modules out of names of their weights and biases."""
    return list(dict.fromkeys(name.rpartition(".")[0] for name in shapes))


def fit(
    header: Header, target: Target, shapes: Mapping[str, Shape], stored: Mapping[str, str]
) -> Fit:
    """Match a file against a network.

    shapes: our parameter names with their shapes. stored: the single file's module names to ours.
    Raises CheckpointError where an entry has the right name and the wrong size, which is how a
    file for another family shows itself.
    """
    grouped: Grouped = group(header.tensors)
    aliases = module_aliases(target, modules_of(shapes), stored)
    entries: dict[str, tuple[str, Mapping[str, str]]] = {}
    strangers, elsewhere = [], []
    for stem, roles in grouped.stems.items():
        if target_of(stem) is not target:
            elsewhere.append(stem)
        elif stem in aliases:
            entries[aliases[stem]] = stem, roles
        else:
            strangers.append(stem)
    for module, (stem, roles) in entries.items():
        check_sizes(stem, roles, header, *(shapes.get(f"{module}.{x}") for x in LEAVES))
    return Fit(entries, tuple(strangers), tuple(elsewhere), grouped.unknown)


LEAVES = ("weight", "bias")


def check_sizes(
    stem: str, roles: Mapping[str, str], header: Header, weight: Shape | None, bias: Shape | None
) -> None:
    """Raise CheckpointError where an entry's shapes are not those of the model's weight or bias."""
    changed = [(size_of(roles, header), weight), (turned_by(roles, header), weight and weight[:1])]
    if "diff_b" in roles:
        changed.append((prod(header.tensors[roles["diff_b"]].shape), bias))
    for found, wanted in changed:
        if found is not None and wanted is not None and found != prod(wanted):
            raise CheckpointError(
                f"'{stem}' changes {found:,} numbers, the model has {prod(wanted):,} there "
                f"({list(wanted)}): it was made for another family of models"
            )


def turned_by(roles: Mapping[str, str], header: Header) -> int | None:
    """How many output channels the blocks of a rotation turn; None where there are none."""
    shape = header.tensors[roles["oft"]].shape if "oft" in roles else ()
    return shape[-3] * shape[-2] if len(shape) > 2 else None


def size_of(roles: Mapping[str, str], header: Header) -> int | None:
    """How many numbers an entry changes, by shapes alone; None where they do not say it."""

    def shape(role: str) -> Shape:
        return header.tensors[roles[role]].shape if role in roles else ()

    def numbers(one: str, two: str, core: str) -> int | None:
        if core in roles:
            kernel = prod(shape(core)[2:])
            return shape(one)[1] * shape(two)[1] * kernel
        return shape(one)[0] * prod(shape(two)[1:])

    if "up" in roles and "down" in roles:
        return shape("up")[0] * prod(shape("down")[1:]) * prod(shape("mid")[2:])
    if "w1_a" in roles and "w1_b" in roles:
        return numbers("w1_a", "w1_b", "t1")
    if "k1" in roles or "k1_a" in roles:
        first = prod(shape("k1")) if "k1" in roles else numbers("k1_a", "k1_b", "")
        second = prod(shape("k2")) if "k2" in roles else numbers("k2_a", "k2_b", "kt2")
        return None if first is None or second is None else first * second
    if "diff" in roles:
        return prod(shape("diff"))
    return None
