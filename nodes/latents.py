"""Latents: empty, encoded, decoded, resized, masked, picked."""

from dataclasses import replace
from typing import Annotated, Literal

from nodeflow.node import Range, RunContext, node
from nodeflow.values import Image, Latent, Mask, Vae, foreseen

LatentMethod = Literal["nearest-exact", "bilinear", "area", "bicubic", "bislerp"]
Pixels = Annotated[int, Range(16, 16384, step=8)]
Side = Annotated[int, Range(0, 16384, step=8)]
Count = Annotated[int, Range(1, 64, step=1)]


@node(
    "EmptyLatentImage",
    category="latent",
    display_name="Empty Latent Image",
    infer=foreseen.empty_latent,
)
def empty_latent_image(
    width: Pixels = 512,
    height: Pixels = 512,
    batch_size: Annotated[int, Range(1, 4096, step=1)] = 1,
) -> Latent:
    """The blank canvas to sample on.

    Args:
        width: of the picture, in pixels; rounded down to 8.
        height: of the picture, in pixels; rounded down to 8.
        batch_size: how many pictures.
    """
    import torch

    from nodeflow.diffusion import latent

    return latent.Latent(torch.zeros(batch_size, 4, height // 8, width // 8))


@node(
    "VAEEncode",
    category="latent",
    display_name="VAE Encode",
    lane="device",
    infer=foreseen.encoded(),
)
def vae_encode(pixels: Image, vae: Vae, context: RunContext) -> Latent:
    """A picture as a latent.

    Args:
        pixels: the picture; cropped to multiples of 8 in the centre.
        vae: the autoencoder.
    """
    from nodeflow.diffusion import latent
    from nodeflow.diffusion.residency import residency_of
    from nodeflow.diffusion.vae.codec import encode_image

    residency = context.resources.get(*residency_of(context.device))
    return latent.Latent(encode_image(residency.vae(vae, "encoder"), pixels))


@node(
    "VAEDecode", category="latent", display_name="VAE Decode", lane="device", infer=foreseen.decoded
)
def vae_decode(samples: Latent, vae: Vae, context: RunContext) -> Image:
    """A latent as a picture.

    Args:
        samples: the latent.
        vae: the autoencoder.
    """
    from nodeflow.diffusion.residency import residency_of
    from nodeflow.diffusion.vae.codec import decode_latent

    residency = context.resources.get(*residency_of(context.device))
    return decode_latent(residency.vae(vae, "decoder"), samples.samples)


@node(
    "VAEEncodeForInpaint",
    category="latent/inpaint",
    display_name="VAE Encode (for Inpainting)",
    lane="device",
    infer=foreseen.encoded(masked=True),
)
def vae_encode_for_inpaint(
    pixels: Image,
    vae: Vae,
    mask: Mask,
    context: RunContext,
    grow_mask_by: Annotated[int, Range(0, 64, step=1)] = 6,
) -> Latent:
    """A picture as a latent with the masked part greyed out and marked for sampling.

    Args:
        pixels: the picture.
        vae: the autoencoder.
        mask: 1 where the picture shall be made anew.
        grow_mask_by: cells of pixels by which the part to sample grows, for a soft border.
    """
    from nodeflow.diffusion import latent
    from nodeflow.diffusion.residency import residency_of
    from nodeflow.diffusion.vae.codec import encode_image
    from nodeflow.imaging.masks import for_inpaint

    residency = context.resources.get(*residency_of(context.device))
    grey, grown = for_inpaint(pixels, mask, grow_mask_by)
    return latent.Latent(encode_image(residency.vae(vae, "encoder"), grey), noise_mask=grown)


@node(
    "SetLatentNoiseMask",
    category="latent/inpaint",
    display_name="Set Latent Noise Mask",
    infer=foreseen.masked,
)
def set_latent_noise_mask(samples: Latent, mask: Mask) -> Latent:
    """Let sampling change only the masked part.

    Args:
        samples: the latent.
        mask: 1 where sampling may change it.
    """
    shaped = mask.reshape(-1, 1, mask.shape[-2], mask.shape[-1])
    return replace(samples, noise_mask=shaped)


@node("LatentUpscale", category="latent", display_name="Upscale Latent", infer=foreseen.resized)
def latent_upscale(
    samples: Latent,
    upscale_method: LatentMethod = "nearest-exact",
    width: Side = 512,
    height: Side = 512,
    crop: Literal["disabled", "center"] = "disabled",
) -> Latent:
    """Resize a latent to a picture size.

    Args:
        samples: the latent.
        upscale_method: how cells between are made; bislerp keeps their lengths.
        width: in pixels; 0 keeps the aspect ratio.
        height: in pixels; 0 keeps the aspect ratio.
        crop: crop to the new aspect ratio in the centre first.
    """
    from nodeflow.diffusion.resize import resize

    if width == 0 and height == 0:
        return samples
    rows, columns = samples.samples.shape[-2:]
    cells_wide = max(1, width // 8) if width else max(1, round(columns * (height // 8) / rows))
    cells_high = max(1, height // 8) if height else max(1, round(rows * (width // 8) / columns))
    resized = resize(samples.samples, cells_wide, cells_high, upscale_method, crop == "center")
    return replace(samples, samples=resized)


@node(
    "LatentUpscaleBy", category="latent", display_name="Upscale Latent By", infer=foreseen.resized
)
def latent_upscale_by(
    samples: Latent,
    upscale_method: LatentMethod = "nearest-exact",
    scale_by: Annotated[float, Range(0.01, 8.0, step=0.01)] = 1.5,
) -> Latent:
    """Resize a latent by a factor.

    Args:
        samples: the latent.
        upscale_method: how cells between are made; bislerp keeps their lengths.
        scale_by: factor for both sides.
    """
    from nodeflow.diffusion.resize import resize

    rows, columns = samples.samples.shape[-2:]
    width, height = max(1, round(columns * scale_by)), max(1, round(rows * scale_by))
    return replace(samples, samples=resize(samples.samples, width, height, upscale_method))


@node("LatentFromBatch", category="latent/batch", display_name="Latent From Batch")
def latent_from_batch(
    samples: Latent, batch_index: Annotated[int, Range(0, 63, step=1)] = 0, length: Count = 1
) -> Latent:
    """Some items of a batch, which keep their own noise.

    Args:
        samples: the batch.
        batch_index: the first item wanted, from 0.
        length: how many.
    """
    count = len(samples.samples)
    start = min(batch_index, count - 1)
    end = min(start + length, count)
    numbers = samples.batch_index or tuple(range(count))
    mask = samples.noise_mask
    if mask is not None and len(mask) == count:
        mask = mask[start:end].clone()
    return replace(
        samples,
        samples=samples.samples[start:end].clone(),
        noise_mask=mask,
        batch_index=numbers[start:end],
        drawn_with=samples.drawn_with or (count if samples.batch_index is None else None),
        seeds=None if samples.seeds is None else samples.seeds[start:end],
    )


@node("RepeatLatentBatch", category="latent/batch", display_name="Repeat Latent Batch")
def repeat_latent_batch(samples: Latent, amount: Count = 1) -> Latent:
    """A batch several times over, each repetition with noise of its own.

    Args:
        samples: the batch.
        amount: how many times.
    """
    count = len(samples.samples)
    mask = samples.noise_mask
    if mask is not None and len(mask) == count:
        mask = mask.repeat(amount, 1, 1, 1)
    numbers = samples.batch_index
    if numbers is not None:
        offset = max(numbers) - min(numbers) + 1
        numbers = tuple(n + i * offset for i in range(amount) for n in numbers)
    return replace(
        samples,
        samples=samples.samples.repeat(amount, 1, 1, 1),
        noise_mask=mask,
        batch_index=numbers,
        drawn_with=None,
        seeds=None,
    )
