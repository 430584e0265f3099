"""Checkpoints and autoencoders as recipes; only headers are read here."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, NamedTuple

from nodeflow.node import Folders, InputProblem, ModelFile, RunContext, node
from nodeflow.values import Clip, Model, Vae

if TYPE_CHECKING:
    from nodeflow.diffusion.recipe import VaeRecipe


class LoadedCheckpoint(NamedTuple):
    MODEL: Model
    CLIP: Clip
    VAE: Vae


def readable_checkpoint(literals: Mapping[str, object], folders: Folders) -> Iterable[InputProblem]:
    """The file must be sound and of a known family."""
    from nodeflow.diffusion.checkpoint.header import CheckpointError
    from nodeflow.diffusion.checkpoint.open import open_checkpoint

    name = str(literals["ckpt_name"])
    try:
        open_checkpoint(folders.find_model("checkpoints", name), "")
    except CheckpointError as error:
        expected = "a Stable Diffusion 1 single file in safetensors"
        yield InputProblem("ckpt_name", f"'{name}' cannot be used: {error}", expected)


def readable_vae(literals: Mapping[str, object], folders: Folders) -> Iterable[InputProblem]:
    """The file must be sound and hold an autoencoder."""
    from nodeflow.diffusion.checkpoint.header import CheckpointError
    from nodeflow.diffusion.checkpoint.open import open_vae

    name = str(literals["vae_name"])
    try:
        open_vae(folders.find_model("vae", name), "")
    except CheckpointError as error:
        yield InputProblem("vae_name", f"'{name}' cannot be used: {error}", "a VAE in safetensors")


@node(
    "CheckpointLoaderSimple",
    category="loaders",
    display_name="Load Checkpoint",
    store=False,
    validate=readable_checkpoint,
)
def checkpoint_loader_simple(
    ckpt_name: Annotated[str, ModelFile("checkpoints")], context: RunContext
) -> LoadedCheckpoint:
    """A whole checkpoint: the model, its text encoder and its autoencoder.

    Weights are read when something needs them.

    Args:
        ckpt_name: a file in the `checkpoints` folders, with or without its suffix.
    """
    from nodeflow.diffusion.checkpoint.open import open_checkpoint

    path = context.folders.find_model("checkpoints", ckpt_name)
    opened = open_checkpoint(path, context.fingerprint(path))
    return LoadedCheckpoint(opened.model, opened.clip, opened.vae)


@node("VAELoader", category="loaders", display_name="Load VAE", store=False, validate=readable_vae)
def vae_loader(vae_name: Annotated[str, ModelFile("vae")], context: RunContext) -> Vae:
    """An autoencoder from a file of its own.

    Args:
        vae_name: a file in the `vae` folders, with or without its suffix.
    """
    from nodeflow.diffusion.checkpoint.open import open_vae

    path = context.folders.find_model("vae", vae_name)
    recipe: VaeRecipe = open_vae(path, context.fingerprint(path))
    return recipe
