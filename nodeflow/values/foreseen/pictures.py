"""Sizes of pictures and latents, and prompts that carry a picture."""

from dataclasses import replace

from nodeflow.node.facts import (
    ConditioningFacts,
    ImageFacts,
    LatentFacts,
    element_count,
)
from nodeflow.node.folders import Folders
from nodeflow.node.infer import NOTHING, Infer, Inferred
from nodeflow.node.spec import InputProblem
from nodeflow.values.foreseen.files import Known, weights_of
from nodeflow.values.foreseen.weights import DECODER, ENCODER, Parts, of_halves

CELL = 8
"""Pixels along a side of a latent cell."""


def with_picture(latent: str | None = None) -> Infer:
    """Both sides with a picture for the model, and the latent to start from."""

    def infer(known: Known, folders: Folders) -> Inferred:
        facts: dict[str, object] = {}
        for side in ("positive", "negative"):
            given = known.get(side)
            if isinstance(given, ConditioningFacts):
                facts[side] = replace(given, picture=True)
        if latent is not None and isinstance(pixels := known.get("pixels"), ImageFacts):
            facts[latent] = encoded_facts(pixels, masked=bool(known.get("noise_mask", False)))
        return Inferred(facts, weights=half(known, ENCODER))

    return infer


def encoded_facts(pixels: ImageFacts, masked: bool) -> LatentFacts:
    """The latent of a picture."""
    rows, columns = (None if s is None else s // CELL for s in (pixels.height, pixels.width))
    return LatentFacts(pixels.batch, 4, rows, columns, masked)


def encoded(masked: bool = False) -> Infer:
    """LATENT of a picture; its seconds go with the pixels."""

    def infer(known: Known, folders: Folders) -> Inferred:
        pixels = known.get("pixels")
        weights = half(known, ENCODER)
        if not isinstance(pixels, ImageFacts):
            return Inferred(work=None, weights=weights)
        latent = encoded_facts(pixels, masked)
        return Inferred({"LATENT": latent}, cells(latent), weights=weights)

    return infer


def decoded(known: Known, folders: Folders) -> Inferred:
    """IMAGE of a latent; its seconds go with the cells."""
    latent, weights = known.get("samples"), half(known, DECODER)
    if not isinstance(latent, LatentFacts):
        return Inferred(work=None, weights=weights)
    sides = (None if s is None else s * CELL for s in (latent.height, latent.width))
    picture = ImageFacts(latent.batch, *sides)
    return Inferred({"IMAGE": picture}, cells(latent), weights=weights)


def half(known: Known, which: str) -> Parts:
    """The weights of a half of the autoencoder that is linked."""
    return of_halves(weights_of(known.get("vae")), which)


def cells(latent: LatentFacts) -> float | None:
    """How many cells a latent has, or None where that is not known."""
    return element_count(latent.batch, latent.height, latent.width)


def empty_latent(known: Known, folders: Folders) -> Inferred:
    """LATENT of a canvas; sides that do not divide are said."""
    sides = {name: known.get(name) for name in ("width", "height")}
    batch = known.get("batch_size")
    whole = {n: s // CELL if isinstance(s, int) else None for n, s in sides.items()}
    latent = LatentFacts(
        batch if isinstance(batch, int) else None, 4, whole["height"], whole["width"]
    )
    warnings = tuple(
        InputProblem(
            name,
            f"{side} is no multiple of {CELL}: the picture will be {side // CELL * CELL} pixels",
            f"{side // CELL * CELL} or {(side // CELL + 1) * CELL}",
        )
        for name, side in sides.items()
        if isinstance(side, int) and side % CELL
    )
    return Inferred({"LATENT": latent}, warnings=warnings)


def masked(known: Known, folders: Folders) -> Inferred:
    """LATENT with a mask."""
    latent = known.get("samples")
    if not isinstance(latent, LatentFacts):
        return NOTHING
    sizes = latent.batch, latent.channels, latent.height, latent.width
    return Inferred({"LATENT": LatentFacts(*sizes, masked=True)})


def resized(known: Known, folders: Folders) -> Inferred:
    """LATENT of another size, in pixels or by a factor."""
    latent = known.get("samples")
    if not isinstance(latent, LatentFacts):
        return NOTHING
    sides = {"height": latent.height, "width": latent.width}
    factor = known.get("scale_by")
    if isinstance(factor, int | float):
        scaled = {n: None if s is None else round(s * factor) for n, s in sides.items()}
    else:
        asked = {n: s for n in sides if isinstance(s := known.get(n), int)}
        scaled = {n: asked[n] // CELL if asked.get(n) else None for n in sides}
    batch, channels = latent.batch, latent.channels
    facts = LatentFacts(batch, channels, scaled["height"], scaled["width"], latent.masked)
    return Inferred({"LATENT": facts})
