"""Models written as files, with their patches worked in."""

from nodeflow.imaging.prefix import sound_prefix
from nodeflow.node import Artifacts, RunContext, node
from nodeflow.values import Clip, Model, Vae


@node(
    "CheckpointSave",
    category="model/merging",
    display_name="Save Checkpoint",
    output=True,
    validate=sound_prefix,
)
def checkpoint_save(
    model: Model,
    clip: Clip,
    vae: Vae,
    context: RunContext,
    filename_prefix: str = "checkpoints/nodeflow",
) -> Artifacts:
    """Write a whole checkpoint as one safetensors file.

    Args:
        model: the model.
        clip: the text encoder.
        vae: the autoencoder.
        filename_prefix: start of the name, may hold folders.
    """
    from nodeflow.diffusion.merging.save import Recipes
    from nodeflow.imaging.save_model import save_model

    return save_model(Recipes(model, clip, vae), filename_prefix, context)


@node(
    "ModelSave",
    category="model/merging",
    display_name="Save Model",
    output=True,
    validate=sound_prefix,
)
def model_save(
    model: Model, context: RunContext, filename_prefix: str = "diffusion_models/nodeflow"
) -> Artifacts:
    """Write a model's network as a safetensors file.

    Args:
        model: the model.
        filename_prefix: start of the name, may hold folders.
    """
    from nodeflow.diffusion.merging.save import Recipes
    from nodeflow.imaging.save_model import save_model

    return save_model(Recipes(model=model), filename_prefix, context)


@node(
    "CLIPSave",
    category="model/merging",
    display_name="Save CLIP",
    output=True,
    validate=sound_prefix,
)
def clip_save(clip: Clip, context: RunContext, filename_prefix: str = "clip/nodeflow") -> Artifacts:
    """Write text encoders as a safetensors file.

    Args:
        clip: the text encoders.
        filename_prefix: start of the name, may hold folders.
    """
    from nodeflow.diffusion.merging.save import Recipes
    from nodeflow.imaging.save_model import save_model

    return save_model(Recipes(clip=clip), filename_prefix, context)


@node(
    "VAESave", category="model/merging", display_name="Save VAE", output=True, validate=sound_prefix
)
def vae_save(vae: Vae, context: RunContext, filename_prefix: str = "vae/nodeflow") -> Artifacts:
    """Write an autoencoder as a safetensors file.

    Args:
        vae: the autoencoder.
        filename_prefix: start of the name, may hold folders.
    """
    from nodeflow.diffusion.merging.save import Recipes
    from nodeflow.imaging.save_model import save_model

    return save_model(Recipes(vae=vae), filename_prefix, context)
