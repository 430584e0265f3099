"""Model files among the outputs, named and numbered like pictures."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from nodeflow.diffusion.checkpoint.write import write_tensors
from nodeflow.diffusion.merging.save import Recipes, write_recipes
from nodeflow.diffusion.residency import residency_of
from nodeflow.imaging.files import free_name, place_for
from nodeflow.imaging.save import saved_file
from nodeflow.node.artifact import Artifacts
from nodeflow.node.context import RunContext

if TYPE_CHECKING:
    from torch import Tensor


def save_model(recipes: Recipes, prefix: str, context: RunContext) -> Artifacts:
    """Write `prefix_00001_.safetensors` in the output folder, counting on."""
    residency = context.resources.get(*residency_of(context.device))
    with next_path(prefix, context) as path:
        write_recipes(path, recipes, residency, context.metadata)
    return saved_model(path, context)


def save_adapter(tensors: "Mapping[str, Tensor]", prefix: str, context: RunContext) -> Artifacts:
    """Write an adapter under the same kind of name."""
    with next_path(prefix, context) as path:
        write_tensors(path, tensors, context.metadata)
    return saved_model(path, context)


def next_path(prefix: str, context: RunContext) -> AbstractContextManager[Path]:
    """The next free name, held while it is written."""
    folder, stem = place_for(context.folders.output, prefix)
    return free_name(folder, stem, ".safetensors")


def saved_model(path: Path, context: RunContext) -> Artifacts:
    """A written file as a result."""
    kind = "application/octet-stream"
    return Artifacts((saved_file(path, context.folders.output, "output", kind),))
