"""Prompts to conditioning."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Annotated

from nodeflow.node import Folders, Multiline, Range, RunContext, node
from nodeflow.values import Clip, Conditioning, foreseen

Pixels = Annotated[int, Range(0, 16384, step=1)]
Offset = Annotated[int, Range(0, 16384, step=1)]


def named_inversions(literals: Mapping[str, object], folders: Folders) -> Iterable[str]:
    """Content of the embedding files that the text names; of all, where the text is linked."""
    from nodeflow.diffusion.text.inversion_folders import files_for
    from nodeflow.node.file_digest import content_digest

    text = literals.get("text")
    texts = [text] if isinstance(text, str) else None
    yield from map(content_digest, files_for(folders.model_folders("embeddings"), texts))


@node(
    "CLIPTextEncode",
    category="conditioning",
    display_name="CLIP Text Encode",
    lane="device",
    pure=False,
    depends=named_inversions,
    infer=foreseen.text,
)
def clip_text_encode(
    text: Annotated[str, Multiline()], clip: Clip, context: RunContext
) -> Conditioning:
    """Encode a prompt.

    `(words)` weighs 1.1 times, `(words:1.3)` exactly 1.3. A prompt over 75 tokens is encoded
    in chunks. `embedding:name` is a file of textual inversion in the `embeddings` folder.

    Args:
        text: what the picture shows.
        clip: the text encoder.
    """
    from nodeflow.diffusion.hooks.texts import encode_with
    from nodeflow.diffusion.residency import residency_of
    from nodeflow.diffusion.text.encode import encode_prompt
    from nodeflow.diffusion.text.inversion_folders import Inversions

    inversions = Inversions(context.folders.model_folders("embeddings"))
    residency = context.resources.get(*residency_of(context.device))
    return encode_with(
        residency, clip, lambda e: encode_prompt(e, text, clip.stop_at_layer, inversions)
    )


@node(
    "CLIPSetLastLayer",
    category="conditioning",
    display_name="CLIP Set Last Layer",
    store=False,
    infer=foreseen.passed(("CLIP", "clip")),
)
def clip_set_last_layer(
    clip: Clip, stop_at_clip_layer: Annotated[int, Range(-24, -1, step=1)] = -1
) -> Clip:
    """Stop the text encoder early ("clip skip").

    Args:
        clip: the text encoder.
        stop_at_clip_layer: -1 is the last layer, -2 the one before it.
    """
    return replace(clip, stop_at_layer=stop_at_clip_layer)


@node("CLIPTextEncodeSDXL", category="conditioning/sdxl", lane="device", infer=foreseen.text)
def clip_text_encode_sdxl(
    clip: Clip,
    text_g: Annotated[str, Multiline()],
    text_l: Annotated[str, Multiline()],
    context: RunContext,
    width: Pixels = 1024,
    height: Pixels = 1024,
    crop_w: Offset = 0,
    crop_h: Offset = 0,
    target_width: Pixels = 1024,
    target_height: Pixels = 1024,
) -> Conditioning:
    """Encode a prompt for SDXL, with the sizes that it is told.

    Args:
        clip: SDXL's text encoders.
        text_g: for OpenCLIP ViT-bigG/14.
        text_l: for CLIP ViT-L/14.
        width: of the picture before cropping, in pixels.
        height: of the picture before cropping, in pixels.
        crop_w: left edge of the crop.
        crop_h: upper edge of the crop.
        target_width: of the finished picture.
        target_height: of the finished picture.
    """
    from nodeflow.diffusion.conditioning import Sizes
    from nodeflow.diffusion.hooks.texts import encode_with
    from nodeflow.diffusion.recipe import Tower
    from nodeflow.diffusion.residency import residency_of
    from nodeflow.diffusion.text.encode import encode_prompt

    residency = context.resources.get(*residency_of(context.device))
    prompts = {Tower.L: text_l, Tower.G: text_g, Tower.H: text_g}
    entries = encode_with(residency, clip, lambda e: encode_prompt(e, prompts, clip.stop_at_layer))
    sizes = Sizes(height, width, crop_h, crop_w, target_height, target_width)
    return tuple(replace(entry, sizes=sizes) for entry in entries)


@node("CLIPTextEncodeSDXLRefiner", category="conditioning/sdxl", lane="device", infer=foreseen.text)
def clip_text_encode_sdxl_refiner(
    text: Annotated[str, Multiline()],
    clip: Clip,
    context: RunContext,
    ascore: Annotated[float, Range(0.0, 1000.0, step=0.01)] = 6.0,
    width: Pixels = 1024,
    height: Pixels = 1024,
) -> Conditioning:
    """Encode a prompt for SDXL's refiner, with the size and the score that it is told.

    Args:
        text: what the picture shows.
        clip: the refiner's text encoder.
        ascore: how beautiful the picture is to be; 6 is usual, 2.5 for the negative prompt.
        width: of the picture, in pixels.
        height: of the picture, in pixels.
    """
    from nodeflow.diffusion.conditioning import Sizes
    from nodeflow.diffusion.hooks.texts import encode_with
    from nodeflow.diffusion.residency import residency_of
    from nodeflow.diffusion.text.encode import encode_prompt

    residency = context.resources.get(*residency_of(context.device))
    entries = encode_with(residency, clip, lambda e: encode_prompt(e, text, clip.stop_at_layer))
    sizes = Sizes(height, width, aesthetic_score=ascore)
    return tuple(replace(entry, sizes=sizes) for entry in entries)
