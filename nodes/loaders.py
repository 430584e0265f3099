"""Checkpoints, and networks from files of their own, as recipes; only headers are read here."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from nodeflow.node import Folders, InputProblem, ModelFile, RunContext, node
from nodeflow.node.folders import FileMissing
from nodeflow.values import Clip, ClipVision, Model, Vae, foreseen

Checkpoint = Annotated[str, ModelFile("checkpoints")]
TextEncoder = Annotated[str, ModelFile("text_encoders")]
SINGLE_FILE = "a Stable Diffusion 1, 2 or SDXL file in safetensors"
WHOLE = foreseen.checkpoint("ckpt_name", "checkpoints")


class LoadedCheckpoint(NamedTuple):
    MODEL: Model
    CLIP: Clip
    VAE: Vae


class LoadedUnclip(NamedTuple):
    MODEL: Model
    CLIP: Clip
    VAE: Vae
    CLIP_VISION: ClipVision


def _problem(
    literals: Mapping[str, object], folders: Folders, name: str, kind: str, part: str
) -> Iterable[InputProblem]:
    from nodeflow.diffusion.checkpoint import open as opening
    from nodeflow.diffusion.checkpoint.header import CheckpointError

    file = str(literals[name])
    expected = {"checkpoint": SINGLE_FILE, "model": "a UNet in safetensors"}
    try:
        path = folders.find_model(kind, file)
        match part:
            case "checkpoint":
                opening.open_checkpoint(path, "")
            case "model":
                opening.open_model(path, "")
            case "VAE":
                opening.open_vae(path, "")
            case "text encoder":
                opening.open_text(path)
            case _:
                opening.open_vision(path, "")
    except CheckpointError as error:
        wanted = expected.get(part, f"a {part} in safetensors")
        yield InputProblem(name, f"'{file}' cannot be used: {error}", wanted)


def readable_checkpoint(literals: Mapping[str, object], folders: Folders) -> Iterable[InputProblem]:
    """The file must be sound and of a known family."""
    return _problem(literals, folders, "ckpt_name", "checkpoints", "checkpoint")


def readable_unet(literals: Mapping[str, object], folders: Folders) -> Iterable[InputProblem]:
    """The file must be sound and hold a UNet of a known family."""
    return _problem(literals, folders, "unet_name", "diffusion_models", "model")


def readable_text(literals: Mapping[str, object], folders: Folders) -> Iterable[InputProblem]:
    """Every file must be sound and hold a text encoder."""
    for name in ("clip_name", "clip_name1", "clip_name2"):
        if name in literals:
            yield from _problem(literals, folders, name, "text_encoders", "text encoder")


def readable_vision(literals: Mapping[str, object], folders: Folders) -> Iterable[InputProblem]:
    """The file must be sound and hold an image encoder."""
    return _problem(literals, folders, "clip_name", "clip_vision", "image encoder")


@node(
    "CheckpointLoaderSimple",
    category="loaders",
    display_name="Load Checkpoint",
    store=False,
    validate=readable_checkpoint,
    infer=WHOLE,
)
def checkpoint_loader_simple(ckpt_name: Checkpoint, context: RunContext) -> LoadedCheckpoint:
    """A whole checkpoint: the model, its text encoder and its autoencoder.

    The family is found from the weights, which are read when something needs them.

    Args:
        ckpt_name: a file in the `checkpoints` folders, with or without its suffix.
    """
    from nodeflow.diffusion.checkpoint.open import open_checkpoint

    path = context.folders.find_model("checkpoints", ckpt_name)
    opened = open_checkpoint(path, context.fingerprint(path))
    return LoadedCheckpoint(opened.model, opened.clip, opened.vae)


@node(
    "unCLIPCheckpointLoader",
    category="loaders",
    store=False,
    validate=readable_checkpoint,
    infer=WHOLE,
)
def unclip_checkpoint_loader(ckpt_name: Checkpoint, context: RunContext) -> LoadedUnclip:
    """A checkpoint that takes pictures as prompts, with its image encoder.

    Args:
        ckpt_name: a file in the `checkpoints` folders, with or without its suffix.
    """
    from nodeflow.diffusion.checkpoint.header import CheckpointError
    from nodeflow.diffusion.checkpoint.open import open_checkpoint

    path = context.folders.find_model("checkpoints", ckpt_name)
    opened = open_checkpoint(path, context.fingerprint(path))
    if opened.vision is None:
        raise CheckpointError(f"'{ckpt_name}' has no image encoder: it is no unCLIP checkpoint")
    return LoadedUnclip(opened.model, opened.clip, opened.vae, opened.vision)


@node(
    "DiffusersLoader",
    category="loaders",
    store=False,
    infer=foreseen.checkpoint("model_path", "diffusers"),
)
def diffusers_loader(
    model_path: Annotated[str, ModelFile("diffusers")], context: RunContext
) -> LoadedCheckpoint:
    """A folder as diffusers writes it.

    Args:
        model_path: a folder with `model_index.json` in the `diffusers` folders.
    """
    from nodeflow.diffusion.checkpoint.open import open_checkpoint

    path = context.folders.find_model("diffusers", model_path)
    opened = open_checkpoint(path, context.fingerprint(path))
    return LoadedCheckpoint(opened.model, opened.clip, opened.vae)


@node(
    "UNETLoader",
    category="loaders",
    display_name="Load Diffusion Model",
    store=False,
    validate=readable_unet,
    infer=foreseen.lone_model,
)
def unet_loader(
    unet_name: Annotated[str, ModelFile("diffusion_models")],
    context: RunContext,
    weight_dtype: Literal["default", "fp8_e4m3fn", "fp8_e4m3fn_fast", "fp8_e5m2"] = "default",
) -> Model:
    """A UNet from a file of its own.

    Args:
        unet_name: a file in the `diffusion_models` or `unet` folders.
        weight_dtype: fp8 rounds the weights to eight bits; they are computed with as others are.
    """
    from nodeflow.diffusion.checkpoint.open import open_model
    from nodeflow.diffusion.recipe import StoredAs

    path = context.folders.find_model("diffusion_models", unet_name)
    rounded = StoredAs(weight_dtype.removesuffix("_fast"))
    return open_model(path, context.fingerprint(path), rounded)


@node(
    "CLIPLoader",
    category="loaders",
    display_name="Load CLIP",
    store=False,
    validate=readable_text,
    infer=foreseen.lone_text,
)
def clip_loader(
    clip_name: TextEncoder,
    context: RunContext,
    type: Literal["stable_diffusion"] = "stable_diffusion",
    device: Literal["default", "cpu"] = "default",
) -> Clip:
    """A text encoder from a file of its own.

    Args:
        clip_name: a file in the `text_encoders` or `clip` folders.
        type: the models it is for; which of Stable Diffusion's, its width tells.
        device: has no effect: the text encoder runs where the model does.
    """
    from nodeflow.diffusion.checkpoint.open import open_clip

    path = context.folders.find_model("text_encoders", clip_name)
    return open_clip([(path, context.fingerprint(path))])


@node(
    "DualCLIPLoader",
    category="loaders",
    store=False,
    validate=readable_text,
    infer=foreseen.lone_text,
)
def dual_clip_loader(
    clip_name1: TextEncoder,
    clip_name2: TextEncoder,
    context: RunContext,
    type: Literal["sdxl"] = "sdxl",
    device: Literal["default", "cpu"] = "default",
) -> Clip:
    """SDXL's two text encoders, in either order.

    Args:
        clip_name1: CLIP ViT-L/14 or OpenCLIP ViT-bigG/14.
        clip_name2: the other one.
        type: the models they are for.
        device: has no effect: the text encoders run where the model does.
    """
    from nodeflow.diffusion.checkpoint.open import open_clip
    from nodeflow.diffusion.recipe import FamilyName

    paths = [context.folders.find_model("text_encoders", n) for n in (clip_name1, clip_name2)]
    return open_clip([(path, context.fingerprint(path)) for path in paths], FamilyName.SDXL)


TINY = ("taesd", "taesdxl")


def tiny_files(name: str, folders: Folders) -> tuple[Path, Path]:
    """Decoder and encoder of a TAESD, in the `vae_approx` folders."""
    decoder, encoder = (
        folders.find_model("vae_approx", f"{name}_{half}") for half in ("decoder", "encoder")
    )
    return decoder, encoder


def tiny_content(literals: Mapping[str, object], folders: Folders) -> Iterable[str]:
    """Content of TAESD's files, where it is asked for."""
    from nodeflow.node.file_digest import content_digest

    name = literals.get("vae_name")
    if name in TINY:
        yield from map(content_digest, tiny_files(str(name), folders))


def readable_vae(literals: Mapping[str, object], folders: Folders) -> Iterable[InputProblem]:
    """The file must be sound and hold an autoencoder."""
    if literals["vae_name"] not in TINY:
        yield from _problem(literals, folders, "vae_name", "vae", "VAE")
        return
    from nodeflow.diffusion.checkpoint.header import CheckpointError
    from nodeflow.diffusion.vae.tiny_files import read_tiny

    name = str(literals["vae_name"])
    expected = f"{name}_encoder.safetensors and {name}_decoder.safetensors in vae_approx/"
    try:
        read_tiny(tiny_files(name, folders))
    except FileMissing as error:
        yield InputProblem("vae_name", f"'{error.name}' is not there", expected)
    except CheckpointError as error:
        yield InputProblem("vae_name", f"'{name}' cannot be used: {error}", expected)


@node(
    "VAELoader",
    category="loaders",
    display_name="Load VAE",
    store=False,
    pure=False,
    depends=tiny_content,
    validate=readable_vae,
    infer=foreseen.lone_vae,
)
def vae_loader(
    vae_name: Annotated[str, ModelFile("vae", besides=TINY)], context: RunContext
) -> Vae:
    """An autoencoder from a file of its own.

    Args:
        vae_name: a file in the `vae` folders, with or without its suffix; `taesd` and `taesdxl` are
            small, fast ones, of which the two files lie in the `vae_approx` folders.
    """
    from nodeflow.diffusion.checkpoint.open import open_tiny, open_vae
    from nodeflow.diffusion.recipe import FamilyName

    if vae_name in TINY:
        halves = [(p, context.fingerprint(p)) for p in tiny_files(vae_name, context.folders)]
        family = FamilyName.SDXL if vae_name == "taesdxl" else FamilyName.SD1
        return open_tiny(halves[0], halves[1], family)
    path = context.folders.find_model("vae", vae_name)
    return open_vae(path, context.fingerprint(path))


@node(
    "CLIPVisionLoader",
    category="loaders",
    display_name="Load CLIP Vision",
    store=False,
    validate=readable_vision,
    infer=foreseen.lone_vision,
)
def clip_vision_loader(
    clip_name: Annotated[str, ModelFile("clip_vision")], context: RunContext
) -> ClipVision:
    """An image encoder from a file of its own.

    Args:
        clip_name: a file in the `clip_vision` folders.
    """
    from nodeflow.diffusion.checkpoint.open import open_vision

    path = context.folders.find_model("clip_vision", clip_name)
    return open_vision(path, context.fingerprint(path))
