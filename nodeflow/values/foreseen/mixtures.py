"""Two models mixed: they must be of one family, autoencoders of one latent space."""

from dataclasses import replace

from nodeflow.node.facts import WeightsFacts
from nodeflow.node.folders import Folders
from nodeflow.node.infer import NOTHING, Infer, Inferred
from nodeflow.values.foreseen.files import Known, foreign

SHARED_LATENTS = {
    "Stable Diffusion 2": "Stable Diffusion 1",
    "SDXL refiner": "SDXL",
}
"""Families whose autoencoders make the latents of another one."""


def mixed(output: str, first: str, second: str) -> Infer:
    """What is known of the first, and that the second is of another family."""

    def infer(known: Known, folders: Folders) -> Inferred:
        one, two = known.get(first), known.get(second)
        if not isinstance(one, WeightsFacts):
            return NOTHING
        facts = {output: replace(one, weights=None)}
        if not isinstance(two, WeightsFacts) or None in (one.family, two.family):
            return Inferred(facts)
        if kind(one, output) == kind(two, output):
            return Inferred(facts)
        message = f"it is of {two.family}, what it is mixed with of {one.family}"
        problem = foreign(second, message, f"one for {one.family}")
        return Inferred(facts, problems=(problem,))

    return infer


def kind(facts: WeightsFacts, output: str) -> str | None:
    """What must be the same in both."""
    family = facts.family
    return SHARED_LATENTS.get(family or "", family) if output == "VAE" else family
