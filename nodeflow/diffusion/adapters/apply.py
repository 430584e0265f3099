"""An adapter file applied to a network's weights, or only held against it."""

import logging
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from nodeflow.diffusion.adapters.change import changed
from nodeflow.diffusion.adapters.entries import IncompleteEntry, Read, change_of
from nodeflow.diffusion.adapters.fit import Fit, Shape, fit
from nodeflow.diffusion.adapters.names import Target
from nodeflow.diffusion.checkpoint.header import CheckpointError, Header, read_header
from nodeflow.diffusion.checkpoint.ldm_keys import unet_key_map
from nodeflow.diffusion.checkpoint.load import assign
from nodeflow.diffusion.checkpoint.reader import WeightsReader
from nodeflow.diffusion.packed import plain
from nodeflow.diffusion.room import Allocate
from nodeflow.diffusion.unet.model import UNet2DConditionModel


def single_file_modules(module: nn.Module) -> Mapping[str, str]:
    """Single-file names of a UNet's modules to ours; a text encoder has one set of names."""
    if not isinstance(module, UNet2DConditionModel):
        return {}
    pairs = unet_key_map(module.config).items()
    return {theirs.rpartition(".")[0]: ours.rpartition(".")[0] for theirs, ours in pairs}


def fit_to(header: Header, module: nn.Module, target: Target) -> Fit:
    """Which entries change which modules. Raises CheckpointError for another family's file."""
    shapes: dict[str, Shape] = {n: tuple(p.shape) for n, p in module.named_parameters()}
    return fit(header, target, shapes, single_file_modules(module))


def fit_file(path: Path, module: nn.Module, target: Target) -> Fit:
    """The same of a file, which the error names."""
    try:
        return fit_to(read_header(path), module, target)
    except CheckpointError as error:
        raise CheckpointError(f"{path.name}: {error}") from None


def apply_adapter(
    path: Path,
    strength: float,
    module: nn.Module,
    target: Target,
    allocate: Allocate = torch.empty_like,
) -> None:
    """Give `module` changed weights in place of those that the file names.

    What the file has for this target and the module does not have is named in the log. Raises
    CheckpointError, which names the file, where an entry is incomplete, of the wrong size or holds
    what is no number.
    """
    found = fit_file(path, module, target)
    left = [*found.strangers, *found.unknown]
    if left:
        logging.getLogger(__name__).warning(
            "%s: %d entries fit nothing in the model: %s", path.name, len(left), shortened(left)
        )
    with WeightsReader(path) as reader:

        def read(name: str) -> Tensor:
            value = reader.read(name)
            if not torch.isfinite(value.float()).all():
                raise CheckpointError(f"'{name}' holds values that are no numbers (NaN or Inf)")
            return value

        try:
            apply_entries(found, read, strength, module, allocate)
        except CheckpointError as error:
            raise CheckpointError(f"{path.name}: {error}") from None


def apply_entries(
    found: Fit, read: Read, strength: float, module: nn.Module, allocate: Allocate
) -> None:
    """Give `module` the changed weights of entries that were found to fit it."""
    parameters = dict(module.named_parameters())
    for name, (stem, roles) in found.entries.items():
        try:
            changes = change_of(stem, roles, read)
        except IncompleteEntry as error:
            raise CheckpointError(str(error)) from None
        for leaf, change in changes.items():
            weight = parameters.get(f"{name}.{leaf}")
            if weight is None:
                raise CheckpointError(f"'{stem}' changes a {leaf}, and '{name}' has none")
            try:
                value = changed(plain(weight.data), change, strength, allocate)
            except RuntimeError as error:
                shape = list(weight.shape)
                message = f"'{stem}' does not fit a weight of the shape {shape}: {error}"
                raise CheckpointError(message) from None
            assign(module, f"{name}.{leaf}", value)


def shortened(names: list[str]) -> str:
    """The first names of many."""
    return ", ".join(sorted(names)[:5]) + (" …" if len(names) > 5 else "")
