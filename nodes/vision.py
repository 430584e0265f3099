"""Pictures as prompts."""

from dataclasses import replace
from typing import Annotated, Literal

from nodeflow.node import Range, RunContext, node
from nodeflow.values import ClipVision, ClipVisionOutput, Conditioning, Image, foreseen


@node(
    "CLIPVisionEncode",
    category="conditioning",
    display_name="CLIP Vision Encode",
    lane="device",
    infer=foreseen.seen,
)
def clip_vision_encode(
    clip_vision: ClipVision,
    image: Image,
    context: RunContext,
    crop: Literal["center", "none"] = "center",
) -> ClipVisionOutput:
    """What an image encoder sees in a picture.

    Args:
        clip_vision: the image encoder.
        image: the picture.
        crop: center cuts to a square, none squeezes.
    """
    from nodeflow.diffusion.residency import residency_of
    from nodeflow.diffusion.vision.encode import encode_picture

    residency = context.resources.get(*residency_of(context.device))
    return encode_picture(residency.vision(clip_vision), image, crop == "center")


@node("unCLIPConditioning", category="conditioning")
def unclip_conditioning(
    conditioning: Conditioning,
    clip_vision_output: ClipVisionOutput,
    strength: Annotated[float, Range(-10.0, 10.0, step=0.01)] = 1.0,
    noise_augmentation: Annotated[float, Range(0.0, 1.0, step=0.01)] = 0.0,
) -> Conditioning:
    """A picture as a prompt for an unCLIP model, beside those already there.

    Args:
        conditioning: to which the picture is added.
        clip_vision_output: the picture as the model's image encoder sees it.
        strength: factor of the picture's embedding; 0 adds nothing.
        noise_augmentation: how far the result may depart from the picture.
    """
    from nodeflow.diffusion.conditioning import ImagePrompt

    if strength == 0:
        return conditioning
    added = tuple(
        ImagePrompt(row[None], strength, noise_augmentation) for row in clip_vision_output.embedding
    )
    return tuple(
        replace(entry, image_prompts=(*entry.image_prompts, *added)) for entry in conditioning
    )
