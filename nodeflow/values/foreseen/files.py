"""Model files: what their headers tell, and whether parts belong to one family."""

from collections.abc import Mapping
from functools import lru_cache
from math import prod
from pathlib import Path

from nodeflow.graph.problem import ProblemCode
from nodeflow.node.facts import ConditioningFacts, ControlFacts, Weights, WeightsFacts
from nodeflow.node.folders import FileMissing, Folders
from nodeflow.node.infer import NOTHING, Infer, Inferred
from nodeflow.node.spec import InputProblem
from nodeflow.values.foreseen.weights import (
    Parts,
    stamp,
    text_weights,
    together,
    vae_weights,
    vision_weights,
)

Known = Mapping[str, object]


def foreign(input: str, message: str, expected: str) -> InputProblem:
    """A link between parts of different families."""
    return InputProblem(input, message, expected, code=ProblemCode.TYPE_MISMATCH)


def found(known: Known, folders: Folders, input: str, kind: str) -> Path | None:
    """The model file that an input names, or None where it names none that is there."""
    name = known.get(input)
    if not isinstance(name, str):
        return None
    try:
        return folders.find_model(kind, name)
    except FileMissing:
        return None


def checkpoint(input: str, kind: str) -> Infer:
    """MODEL, CLIP and VAE of a whole checkpoint."""

    def infer(known: Known, folders: Folders) -> Inferred:
        path = found(known, folders, input, kind)
        if path is None:
            return NOTHING
        model = model_facts(str(path), stamp(path))
        if model is None:
            return NOTHING
        texts, halves = text_weights(path), vae_weights(path)
        vae = WeightsFacts(model.family, channels=4, weights=halves)
        clip = WeightsFacts(model.family, model.context_width, weights=texts)
        return Inferred({"MODEL": model, "CLIP": clip, "VAE": vae})

    return infer


def lone_model(known: Known, folders: Folders) -> Inferred:
    """MODEL of `UNETLoader`."""
    path = found(known, folders, "unet_name", "diffusion_models")
    model = None if path is None else model_facts(str(path), stamp(path))
    return NOTHING if model is None else Inferred({"MODEL": model})


def lone_vae(known: Known, folders: Folders) -> Inferred:
    """VAE of `VAELoader`."""
    path = found(known, folders, "vae_name", "vae")
    weights = None if path is None else vae_weights(path)
    return NOTHING if weights is None else Inferred({"VAE": WeightsFacts(weights=weights)})


def lone_vision(known: Known, folders: Folders) -> Inferred:
    """CLIP_VISION of `CLIPVisionLoader`."""
    path = found(known, folders, "clip_name", "clip_vision")
    weights = None if path is None else vision_weights(path)
    return NOTHING if weights is None else Inferred({"CLIP_VISION": WeightsFacts(weights=weights)})


def seen(known: Known, folders: Folders) -> Inferred:
    """What an image encoder sees: only the weights are known."""
    return Inferred(weights=weights_of(known.get("clip_vision")))


def lone_text(known: Known, folders: Folders) -> Inferred:
    """CLIP of `CLIPLoader` and `DualCLIPLoader`."""
    from nodeflow.diffusion.checkpoint.header import CheckpointError
    from nodeflow.diffusion.checkpoint.parts import text_parts

    width, weights = 0, list[Parts]()
    for input in ("clip_name", "clip_name1", "clip_name2"):
        if input not in known:
            continue
        path = found(known, folders, input, "text_encoders")
        if path is None:
            return NOTHING
        try:
            width += sum(part.config.width for part in text_parts(path).values())
        except CheckpointError:
            return NOTHING
        weights.append(text_weights(path))
    return Inferred({"CLIP": WeightsFacts(None, width or None, weights=together(*weights))})


@lru_cache(maxsize=64)
def model_facts(path: str, stamped: tuple[int, int]) -> WeightsFacts | None:
    """Of a UNet in a file or folder; None where it is not sound."""
    from nodeflow.diffusion.checkpoint.header import CheckpointError
    from nodeflow.diffusion.checkpoint.parts import unet_part
    from nodeflow.diffusion.families.registry import family_of
    from nodeflow.diffusion.unet.places import attention_places

    try:
        part = unet_part(Path(path))
        config, own = part.config, part.own().values()
        family = family_of(config)
    except CheckpointError:
        return None
    return WeightsFacts(
        str(family.name),
        config.context_width,
        config.out_channels,
        config.in_channels,
        tuple(attention_places(config).values()),
        (Weights("unet", path, sum(prod(info.shape) for info in own)),),
    )


def passed(*ports: tuple[str, str]) -> Infer:
    """Outputs of which is known what is known of inputs: (output, input)."""

    def infer(known: Known, folders: Folders) -> Inferred:
        return Inferred({out: known[into] for out, into in ports if known.get(into) is not None})

    return infer


def text(known: Known, folders: Folders) -> Inferred:
    """CONDITIONING of a prompt."""
    clip = known.get("clip")
    if not isinstance(clip, WeightsFacts):
        return NOTHING
    facts = ConditioningFacts(clip.family, clip.context_width)
    return Inferred({"CONDITIONING": facts}, weights=clip.weights)


def weights_of(fact: object) -> Parts:
    """All weights that using a value takes."""
    return fact.weights if isinstance(fact, WeightsFacts | ControlFacts) else None
