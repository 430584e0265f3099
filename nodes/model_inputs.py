"""Conditioning for models that take pictures beside the noise: inpaint, edit, depth, upscale."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, NamedTuple

from nodeflow.node import Range, RunContext, node
from nodeflow.values import Conditioning, Image, Latent, Mask, Vae, foreseen

if TYPE_CHECKING:
    from nodeflow.diffusion.conditioning import ExtraImage


class Conditioned(NamedTuple):
    positive: Conditioning
    negative: Conditioning
    latent: Latent


class Pair(NamedTuple):
    positive: Conditioning
    negative: Conditioning


def _with(conditioning: Conditioning, extra: "ExtraImage") -> Conditioning:
    return tuple(replace(entry, extra=extra) for entry in conditioning)


@node(
    "InpaintModelConditioning",
    category="conditioning/inpaint",
    lane="device",
    infer=foreseen.with_picture("latent"),
)
def inpaint_model_conditioning(
    positive: Conditioning,
    negative: Conditioning,
    vae: Vae,
    pixels: Image,
    mask: Mask,
    context: RunContext,
    noise_mask: bool = True,
) -> Conditioned:
    """Give an inpainting model the mask and the picture without its masked part.

    Args:
        positive: what the picture shows.
        negative: what it does not show.
        vae: the model's autoencoder.
        pixels: the picture.
        mask: 1 where the picture is made anew.
        noise_mask: keep the rest of the picture as it is.
    """
    from nodeflow.diffusion import latent
    from nodeflow.diffusion.conditioning import ExtraImage
    from nodeflow.diffusion.residency import residency_of
    from nodeflow.diffusion.vae.codec import encode_image
    from nodeflow.imaging.masks import masked_grey

    autoencoder = context.resources.get(*residency_of(context.device)).vae(vae, "encoder")
    grey, planes = masked_grey(pixels, mask)
    extra = ExtraImage(encode_image(autoencoder, grey), planes[:, 0])
    samples = encode_image(autoencoder, pixels)
    start = latent.Latent(samples, noise_mask=planes if noise_mask else None)
    return Conditioned(_with(positive, extra), _with(negative, extra), start)


@node(
    "InstructPixToPixConditioning",
    category="conditioning/instructpix2pix",
    lane="device",
    infer=foreseen.with_picture("latent"),
)
def instruct_pix_to_pix_conditioning(
    positive: Conditioning,
    negative: Conditioning,
    vae: Vae,
    pixels: Image,
    context: RunContext,
) -> Conditioned:
    """Give an editing model the picture to edit.

    Args:
        positive: the instruction.
        negative: what the result does not show.
        vae: the model's autoencoder.
        pixels: the picture to edit.
    """
    import torch

    from nodeflow.diffusion import latent
    from nodeflow.diffusion.conditioning import ExtraImage
    from nodeflow.diffusion.residency import residency_of
    from nodeflow.diffusion.vae.codec import encode_image

    autoencoder = context.resources.get(*residency_of(context.device)).vae(vae, "encoder")
    samples = encode_image(autoencoder, pixels)
    extra = ExtraImage(samples)
    start = latent.Latent(torch.zeros_like(samples))
    return Conditioned(_with(positive, extra), _with(negative, extra), start)


@node("DepthConditioning", category="conditioning/depth", infer=foreseen.with_picture())
def depth_conditioning(positive: Conditioning, negative: Conditioning, depth: Image) -> Pair:
    """Give Stable Diffusion 2's depth model a depth map, stretched to its whole range.

    Args:
        positive: what the picture shows.
        negative: what it does not show.
        depth: brighter is nearer.
    """
    from nodeflow.diffusion.conditioning import ExtraImage

    plane = depth[..., :3].mean(-1)[:, None]
    low, high = plane.amin((1, 2, 3), keepdim=True), plane.amax((1, 2, 3), keepdim=True)
    extra = ExtraImage((plane - low) / (high - low).clamp(min=1e-6) * 2 - 1)
    return Pair(_with(positive, extra), _with(negative, extra))


@node("SD_4XUpscale_Conditioning", category="conditioning/upscale_diffusion")
def sd_4x_upscale_conditioning(
    images: Image,
    positive: Conditioning,
    negative: Conditioning,
    scale_ratio: Annotated[float, Range(0.0, 10.0, step=0.01)] = 4.0,
    noise_augmentation: Annotated[float, Range(0.0, 1.0, step=0.001)] = 0.0,
) -> Conditioned:
    """Give the x4 upscaler the small picture.

    Args:
        images: the small picture.
        positive: what it shows.
        negative: what it does not show.
        scale_ratio: how many times larger the result is.
        noise_augmentation: noise added to the small picture; more lets the model invent more.
    """
    import torch

    from nodeflow.diffusion import latent
    from nodeflow.diffusion.conditioning import ExtraImage
    from nodeflow.diffusion.resize import resize

    width = max(1, round(images.shape[2] * scale_ratio)) // 4
    height = max(1, round(images.shape[1] * scale_ratio)) // 4
    pixels = images[..., :3].movedim(-1, 1) * 2 - 1
    small = resize(pixels, max(width, 1), max(height, 1), "bilinear", crop=True)
    extra = ExtraImage(small, noise_augmentation=noise_augmentation)
    start = latent.Latent(torch.zeros(len(images), 4, *small.shape[-2:]))
    return Conditioned(_with(positive, extra), _with(negative, extra), start)
