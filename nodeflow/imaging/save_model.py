"""Model files among the outputs, named and numbered like pictures."""

from nodeflow.diffusion.merging.save import Recipes, write_recipes
from nodeflow.diffusion.residency import residency_of
from nodeflow.imaging.files import next_number, place_for
from nodeflow.imaging.save import saved_file
from nodeflow.node.artifact import Artifacts
from nodeflow.node.context import RunContext


def save_model(recipes: Recipes, prefix: str, context: RunContext) -> Artifacts:
    """Write `prefix_00001_.safetensors` in the output folder, counting on."""
    root = context.folders.output
    folder, stem = place_for(root, prefix)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{stem}_{next_number(folder, stem):05}_.safetensors"
    residency = context.resources.get(*residency_of(context.device))
    write_recipes(path, recipes, residency, context.metadata)
    return Artifacts((saved_file(path, root, "output", "application/octet-stream"),))
