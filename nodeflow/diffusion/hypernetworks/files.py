"""Hypernetworks in files: sizes and names, by headers alone.

A1111's `.pt` files hold, under the width of a context as a whole number, a pair of state dicts, for
keys and for values, and beside them `activation_func`, `activate_output` and what only training
needs. Safetensors files hold the same under dotted names (`768.0.linear.0.weight`), the settings in
their metadata.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from nodeflow.diffusion.checkpoint.header import CheckpointError, Header
from nodeflow.diffusion.hypernetworks.config import ACTIVATIONS, Activation, HypernetworkConfig

_NAME = re.compile(r"(\d+)\.([01])\.linear\.?(\d+)\.(weight|bias)")
"""The first files have `linear1` and `linear2` where later ones have `linear.0` and on."""


@dataclass(frozen=True)
class HypernetworkFile:
    """config: its sizes. names: our parameter names to the file's. unknown: names of neither."""

    config: HypernetworkConfig
    names: Mapping[str, str]
    unknown: tuple[str, ...]


def read_hypernetwork(header: Header) -> HypernetworkFile:
    """Recognise a header. Raises CheckpointError saying what is wrong with it."""
    stacks: dict[int, dict[int, dict[int, dict[str, str]]]] = {}
    unknown = []
    for name in header.tensors:
        match = _NAME.fullmatch(name)
        if match is None:
            unknown.append(name)
            continue
        width, part, number = (int(match[i]) for i in (1, 2, 3))
        numbers = stacks.setdefault(width, {}).setdefault(part, {})
        numbers.setdefault(number, {})[match[4]] = name
    if not stacks:
        example = next(iter(header.tensors), "nothing at all")
        raise CheckpointError(f"it is no hypernetwork (it holds '{example}' …)")
    names: dict[str, str] = {}
    layers, norms = [], set()
    for width, parts in sorted(stacks.items()):
        if set(parts) != {0, 1}:
            raise CheckpointError(f"of width {width} it lacks the network of keys or of values")
        found = {_stack(header, width, part, parts[part], names) for part in (0, 1)}
        if len(found) > 1:
            raise CheckpointError(f"of width {width} keys and values have networks of other sizes")
        widths, normed = found.pop()
        layers.append(widths)
        norms.add(normed)
    if len(norms) > 1:
        raise CheckpointError("only some of its networks have norms")
    activation, activated = _settings(header.metadata)
    config = HypernetworkConfig(tuple(layers), activation, activated, norms.pop())
    return HypernetworkFile(config, names, tuple(unknown))


def _stack(
    header: Header,
    width: int,
    part: int,
    numbers: Mapping[int, Mapping[str, str]],
    names: dict[str, str],
) -> tuple[tuple[int, ...], bool]:
    """Widths of one network, and whether it has norms; adds to `names`.

    Numbers have gaps where activations and dropouts stand; a norm follows its linear layer.
    """
    label = f"{width}.{part}"
    widths: list[tuple[int, ...]] = []
    norms: list[tuple[int, ...]] = []
    for number, leaves in sorted(numbers.items()):
        if set(leaves) != {"weight", "bias"}:
            raise CheckpointError(f"layer {number} of '{label}' lacks its weight or its bias")
        shape = header.tensors[leaves["weight"]].shape
        kind, kept = ("linears", widths) if len(shape) == 2 else ("norms", norms)
        stem = f"networks.{label}.{kind}.{len(kept)}"
        kept.append(shape)
        names |= {f"{stem}.{leaf}": name for leaf, name in leaves.items()}
    sizes = (width, *(shape[0] for shape in widths))
    fitting = all(shape[1] == into for shape, into in zip(widths, sizes, strict=False))
    if not widths or not fitting or sizes[-1] != width:
        shapes = ", ".join(str(list(shape)) for shape in widths)
        raise CheckpointError(f"the layers of '{label}' do not lead from {width} to it: {shapes}")
    if norms and norms != [(size,) for size in sizes[1:]]:
        raise CheckpointError(f"'{label}' does not have a norm behind each of its layers")
    return sizes, bool(norms)


def _settings(metadata: Mapping[str, str]) -> tuple[Activation, bool]:
    """Activation, and whether the output is activated; A1111's defaults where nothing is said."""
    name = metadata.get("activation_func", "null")
    name = "linear" if name in ("null", "None", "") else name.lower()
    for known in ACTIVATIONS:
        if name == known:
            activated = metadata.get("activate_output", "true").lower()
            return known, activated not in ("false", "0", "null")  # type: ignore[return-value]
    raise CheckpointError(f"its activation '{name}' is not one of {', '.join(ACTIVATIONS)}")
