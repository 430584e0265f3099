"""Latents cut, turned, laid on one another and reckoned with."""

from dataclasses import replace
from typing import Annotated, Literal

from nodeflow.node import Range, node
from nodeflow.values import Latent, Mask

Offset = Annotated[int, Range(0, 16384, step=8)]
Pixels = Annotated[int, Range(64, 16384, step=8)]
Factor = Annotated[float, Range(-10.0, 10.0, step=0.01)]
Part = Annotated[float, Range(0.0, 1.0, step=0.01)]


@node("LatentComposite", category="latent", display_name="Latent Composite")
def latent_composite(
    samples_to: Latent,
    samples_from: Latent,
    x: Offset = 0,
    y: Offset = 0,
    feather: Offset = 0,
) -> Latent:
    """One latent laid on another, its inner sides feathered.

    Args:
        samples_to: the latent below.
        samples_from: the latent on top.
        x: left edge of the upper one, in pixels.
        y: upper edge of the upper one, in pixels.
        feather: width of the soft edge in pixels; sides on the border stay hard.
    """
    from nodeflow.imaging import paste

    below, above = samples_to.samples, samples_from.samples
    column, row, soft = x // 8, y // 8, feather // 8
    high, wide = above.shape[-2:]
    weight = None
    if soft:
        right = soft if column + wide < below.shape[-1] else 0
        bottom = soft if row + high < below.shape[-2] else 0
        sides = soft if column else 0, soft if row else 0
        weight = paste.feather(high, wide, *sides, right, bottom)[None, None]
    return replace(samples_to, samples=paste.paste(below, above, column, row, weight))


@node("LatentCompositeMasked", category="latent", display_name="Latent Composite Masked")
def latent_composite_masked(
    destination: Latent,
    source: Latent,
    x: Offset = 0,
    y: Offset = 0,
    resize_source: bool = False,
    mask: Mask | None = None,
) -> Latent:
    """One latent laid on another where a mask is.

    Args:
        destination: the latent below.
        source: the latent on top.
        x: left edge of the upper one, in pixels.
        y: upper edge of the upper one, in pixels.
        resize_source: stretch the upper one to the size of the lower one first.
        mask: where the upper one shows; everywhere without one.
    """
    from nodeflow.diffusion.resize import resize
    from nodeflow.imaging.paste import paste

    above = source.samples
    if resize_source:
        high, wide = destination.samples.shape[-2:]
        above = resize(above, wide, high, "bilinear")
    weight = None if mask is None else mask.reshape(-1, 1, *mask.shape[-2:])
    result = paste(destination.samples, above, x // 8, y // 8, weight)
    return replace(destination, samples=result)


@node("LatentBlend", category="latent", display_name="Latent Blend")
def latent_blend(samples1: Latent, samples2: Latent, blend_factor: Part = 0.5) -> Latent:
    """A mixture of two latents.

    Args:
        samples1: the first.
        samples2: the second; resized to the first where sizes differ.
        blend_factor: share of the first.
    """
    import torch

    from nodeflow.imaging.latent_math import match

    second = match(samples2.samples, samples1.samples)
    return replace(samples1, samples=torch.lerp(second, samples1.samples, blend_factor))


@node("LatentRotate", category="latent/transform", display_name="Rotate Latent")
def latent_rotate(
    samples: Latent,
    rotation: Literal["none", "90 degrees", "180 degrees", "270 degrees"] = "none",
) -> Latent:
    """Turn a latent clockwise.

    Args:
        samples: the latent.
        rotation: by how much.
    """
    import torch

    turns = ("none", "90 degrees", "180 degrees", "270 degrees").index(rotation)
    return replace(samples, samples=torch.rot90(samples.samples, turns, (3, 2)))


@node("LatentFlip", category="latent/transform", display_name="Flip Latent")
def latent_flip(
    samples: Latent,
    flip_method: Literal["x-axis: vertically", "y-axis: horizontally"] = "x-axis: vertically",
) -> Latent:
    """Mirror a latent.

    Args:
        samples: the latent.
        flip_method: upside down, or left and right.
    """
    side = 2 if flip_method.startswith("x") else 3
    return replace(samples, samples=samples.samples.flip(side))


@node("LatentCrop", category="latent/transform", display_name="Crop Latent")
def latent_crop(
    samples: Latent, width: Pixels = 512, height: Pixels = 512, x: Offset = 0, y: Offset = 0
) -> Latent:
    """A part of a latent.

    Args:
        samples: the latent.
        width: in pixels.
        height: in pixels.
        x: left edge in pixels; at least 64 pixels are left.
        y: upper edge in pixels; at least 64 pixels are left.
    """
    rows, columns = samples.samples.shape[-2:]
    left, top = min(x // 8, max(columns - 8, 0)), min(y // 8, max(rows - 8, 0))
    part = samples.samples[..., top : top + height // 8, left : left + width // 8]
    return replace(samples, samples=part.clone())


@node("LatentBatch", category="latent/batch", display_name="Latent Batch")
def latent_batch(samples1: Latent, samples2: Latent) -> Latent:
    """Two batches as one; each item keeps its own noise.

    Args:
        samples1: the first.
        samples2: the second; resized to the first where sizes differ.
    """
    import torch

    from nodeflow.imaging.latent_math import same_size

    second = same_size(samples2.samples, samples1.samples, "bilinear")
    numbers = [
        x.batch_index if x.batch_index is not None else tuple(range(len(x.samples)))
        for x in (samples1, samples2)
    ]
    joined = torch.cat([samples1.samples, second])
    return replace(
        samples1, samples=joined, batch_index=numbers[0] + numbers[1], drawn_with=None, seeds=None
    )


@node(
    "LatentBatchSeedBehavior", category="latent/advanced", display_name="Latent Batch Seed Behavior"
)
def latent_batch_seed_behavior(
    samples: Latent, seed_behavior: Literal["random", "fixed"] = "fixed"
) -> Latent:
    """Whether the items of a batch get noise of their own or all the same.

    Args:
        samples: the batch.
        seed_behavior: random is noise of their own; fixed gives all that of the first.
    """
    if seed_behavior == "random":
        return replace(samples, batch_index=None, drawn_with=None)
    first = samples.batch_index[0] if samples.batch_index else 0
    return replace(samples, batch_index=(first,) * len(samples.samples), drawn_with=None)


@node("LatentAdd", category="latent/advanced", display_name="Latent Add")
def latent_add(samples1: Latent, samples2: Latent) -> Latent:
    """The sum of two latents.

    Args:
        samples1: the first.
        samples2: the second; resized and repeated to the first.
    """
    from nodeflow.imaging.latent_math import match

    return replace(
        samples1, samples=samples1.samples + match(samples2.samples, samples1.samples, "bilinear")
    )


@node("LatentSubtract", category="latent/advanced", display_name="Latent Subtract")
def latent_subtract(samples1: Latent, samples2: Latent) -> Latent:
    """The first latent less the second.

    Args:
        samples1: the first.
        samples2: the second; resized and repeated to the first.
    """
    from nodeflow.imaging.latent_math import match

    return replace(
        samples1, samples=samples1.samples - match(samples2.samples, samples1.samples, "bilinear")
    )


@node("LatentMultiply", category="latent/advanced", display_name="Latent Multiply")
def latent_multiply(samples: Latent, multiplier: Factor = 1.0) -> Latent:
    """A latent times a number.

    Args:
        samples: the latent.
        multiplier: the number.
    """
    return replace(samples, samples=samples.samples * multiplier)


@node("LatentInterpolate", category="latent/advanced", display_name="Latent Interpolate")
def latent_interpolate(samples1: Latent, samples2: Latent, ratio: Part = 1.0) -> Latent:
    """Between two latents: directions and lengths of the cells mixed apart.

    Args:
        samples1: the first.
        samples2: the second; resized and repeated to the first.
        ratio: share of the first.
    """
    from nodeflow.imaging.latent_math import interpolate, match

    second = match(samples2.samples, samples1.samples, "bilinear")
    return replace(samples1, samples=interpolate(samples1.samples, second, ratio))
