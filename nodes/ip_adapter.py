"""Pictures as prompts for any model, through IP-Adapters."""

from collections.abc import Iterable, Mapping
from typing import Annotated

from nodeflow.node import Folders, InputProblem, ModelFile, Range, RunContext, node
from nodeflow.values import ClipVision, Image, IPAdapter, Mask, Model, foreseen

Percent = Annotated[float, Range(0.0, 1.0, step=0.001)]


def readable_ip_adapter(literals: Mapping[str, object], folders: Folders) -> Iterable[InputProblem]:
    """The file must be sound and an IP-Adapter for CLIP's image encoders."""
    from nodeflow.diffusion.checkpoint.header import CheckpointError
    from nodeflow.diffusion.ip_adapter.files import read_ip_adapter

    name = str(literals["ipadapter_file"])
    try:
        read_ip_adapter(folders.find_model("ipadapter", name))
    except CheckpointError as error:
        expected = "a plain, plus, plus-face or full-face IP-Adapter"
        yield InputProblem("ipadapter_file", f"'{name}' cannot be used: {error}", expected)


@node(
    "IPAdapterModelLoader",
    category="loaders",
    display_name="Load IP-Adapter",
    store=False,
    validate=readable_ip_adapter,
    infer=foreseen.lone_ip_adapter,
)
def ip_adapter_model_loader(
    ipadapter_file: Annotated[str, ModelFile("ipadapter")], context: RunContext
) -> IPAdapter:
    """What lets a model look at pictures beside its text.

    Args:
        ipadapter_file: a file in the `ipadapter` folders; `.bin` files only where pickled files
            are allowed.
    """
    from nodeflow.diffusion.ip_adapter.patch import IPAdapterRecipe
    from nodeflow.diffusion.recipe import WeightsFile

    path = context.folders.find_model("ipadapter", ipadapter_file)
    return IPAdapterRecipe(WeightsFile(str(path), context.fingerprint(path)))


@node(
    "IPAdapterApply",
    category="model_patches/pictures",
    display_name="Apply IP-Adapter",
    lane="device",
    infer=foreseen.picture_prompt,
)
def ip_adapter_apply(
    model: Model,
    ipadapter: IPAdapter,
    clip_vision: ClipVision,
    image: Image,
    context: RunContext,
    weight: Annotated[float, Range(-1.0, 5.0, step=0.01)] = 1.0,
    start_at: Percent = 0.0,
    end_at: Percent = 1.0,
    attn_mask: Mask | None = None,
) -> Model:
    """A model that looks at pictures beside its text. Several may follow each other.

    Args:
        model: the model.
        ipadapter: for the model's family.
        clip_vision: the image encoder that the adapter was trained with.
        image: the pictures; those of a batch are looked at together.
        weight: how strongly; 0 changes nothing.
        start_at: where in the sampling it begins to act.
        end_at: where it ends.
        attn_mask: where in the picture to be it acts; everywhere without.
    """
    from nodeflow.diffusion.ip_adapter.patch import PicturePrompt, check_fit, with_pictures
    from nodeflow.diffusion.ip_adapter.see import see
    from nodeflow.diffusion.residency import residency_of

    if weight == 0:
        return model
    check_fit(model, ipadapter, clip_vision)
    residency = context.resources.get(*residency_of(context.device))
    encoder, adapter = residency.vision(clip_vision), residency.ip_adapter(ipadapter.source)
    seen = see(adapter, encoder, image, attn_mask)
    return with_pictures(model, PicturePrompt(ipadapter, seen, weight, start_at, end_at))
