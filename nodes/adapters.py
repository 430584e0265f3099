"""LoRA and its relatives, hypernetworks."""

from collections.abc import Iterable, Mapping
from typing import Annotated, NamedTuple

from nodeflow.node import Folders, InputProblem, ModelFile, Range, RunContext, node
from nodeflow.values import Clip, Model, foreseen

Strength = Annotated[float, Range(-100.0, 100.0, step=0.01)]


class ModelAndClip(NamedTuple):
    MODEL: Model
    CLIP: Clip


def readable_adapter(literals: Mapping[str, object], folders: Folders) -> Iterable[InputProblem]:
    """The file must be sound and an adapter."""
    from nodeflow.diffusion.adapters.grouping import check_adapter
    from nodeflow.diffusion.checkpoint.header import CheckpointError

    name = str(literals["lora_name"])
    try:
        check_adapter(folders.find_model("loras", name))
    except CheckpointError as error:
        expected = "a LoRA, LoHa, LoKr, OFT, BOFT or DoRA in safetensors"
        yield InputProblem("lora_name", f"'{name}' cannot be used: {error}", expected)


@node(
    "LoraLoader",
    category="loaders",
    display_name="Load LoRA",
    store=False,
    validate=readable_adapter,
    infer=foreseen.adapter(("MODEL", "model"), ("CLIP", "clip")),
)
def lora_loader(
    model: Model,
    clip: Clip,
    lora_name: Annotated[str, ModelFile("loras")],
    context: RunContext,
    strength_model: Strength = 1.0,
    strength_clip: Strength = 1.0,
) -> ModelAndClip:
    """A model and its text encoder, changed by a small file.

    Args:
        model: the model.
        clip: the text encoder.
        lora_name: a file in the `loras` folders, with or without its suffix.
        strength_model: how strongly the model is changed; negative turns the change round.
        strength_clip: how strongly the text encoder is changed.
    """
    from nodeflow.diffusion.adapters.open import with_adapter
    from nodeflow.diffusion.recipe import WeightsFile

    path = context.folders.find_model("loras", lora_name)
    file = WeightsFile(str(path), context.fingerprint(path))
    return ModelAndClip(*with_adapter(model, clip, file, (strength_model, strength_clip)))


@node(
    "LoraLoaderModelOnly",
    category="loaders",
    display_name="Load LoRA (Model)",
    store=False,
    validate=readable_adapter,
    infer=foreseen.adapter(("MODEL", "model")),
)
def lora_loader_model_only(
    model: Model,
    lora_name: Annotated[str, ModelFile("loras")],
    context: RunContext,
    strength_model: Strength = 1.0,
) -> Model:
    """A model changed by a small file, its text encoder left as it is.

    Args:
        model: the model.
        lora_name: a file in the `loras` folders, with or without its suffix.
        strength_model: how strongly; negative turns the change round.
    """
    from nodeflow.diffusion.adapters.open import model_with_adapter
    from nodeflow.diffusion.recipe import WeightsFile

    path = context.folders.find_model("loras", lora_name)
    file = WeightsFile(str(path), context.fingerprint(path))
    return model_with_adapter(model, file, strength_model)


def readable_hypernetwork(
    literals: Mapping[str, object], folders: Folders
) -> Iterable[InputProblem]:
    """The file must be sound and a hypernetwork."""
    from nodeflow.diffusion.checkpoint.header import CheckpointError, read_header
    from nodeflow.diffusion.hypernetworks.files import read_hypernetwork

    name = str(literals["hypernetwork_name"])
    try:
        read_hypernetwork(read_header(folders.find_model("hypernetworks", name)))
    except CheckpointError as error:
        expected = "a hypernetwork as A1111's webui trains them"
        yield InputProblem("hypernetwork_name", f"'{name}' cannot be used: {error}", expected)


@node(
    "HypernetworkLoader",
    category="loaders",
    display_name="Load Hypernetwork",
    store=False,
    validate=readable_hypernetwork,
    infer=foreseen.hypernetwork,
)
def hypernetwork_loader(
    model: Model,
    hypernetwork_name: Annotated[str, ModelFile("hypernetworks")],
    context: RunContext,
    strength: Annotated[float, Range(-10.0, 10.0, step=0.01)] = 1.0,
) -> Model:
    """A model whose attention sees text and features through small networks. Several may follow.

    Args:
        model: the model.
        hypernetwork_name: a file in the `hypernetworks` folders; A1111's `.pt` files only where
            pickled files are allowed.
        strength: how strongly; 0 changes nothing, negative turns the change round.
    """
    from nodeflow.diffusion.hypernetworks.patch import model_with_hypernetwork
    from nodeflow.diffusion.recipe import WeightsFile

    path = context.folders.find_model("hypernetworks", hypernetwork_name)
    file = WeightsFile(str(path), context.fingerprint(path))
    return model_with_hypernetwork(model, file, strength)
