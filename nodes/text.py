"""Prompts to conditioning."""

from dataclasses import replace
from typing import Annotated

from nodeflow.node import Multiline, Range, RunContext, node
from nodeflow.values import Clip, Conditioning


@node("CLIPTextEncode", category="conditioning", display_name="CLIP Text Encode", lane="device")
def clip_text_encode(
    text: Annotated[str, Multiline()], clip: Clip, context: RunContext
) -> Conditioning:
    """Encode a prompt.

    `(words)` weighs 1.1 times, `(words:1.3)` exactly 1.3. A prompt over 75 tokens is encoded
    in chunks.

    Args:
        text: what the picture shows.
        clip: the text encoder.
    """
    from nodeflow.diffusion.residency import residency_of
    from nodeflow.diffusion.text.encode import encode_prompt

    residency = context.resources.get(*residency_of(context.device))
    return encode_prompt(residency.text_encoders(clip), text, clip.stop_at_layer)


@node("CLIPSetLastLayer", category="conditioning", display_name="CLIP Set Last Layer", store=False)
def clip_set_last_layer(
    clip: Clip, stop_at_clip_layer: Annotated[int, Range(-24, -1, step=1)] = -1
) -> Clip:
    """Stop the text encoder early ("clip skip").

    Args:
        clip: the text encoder.
        stop_at_clip_layer: -1 is the last layer, -2 the one before it.
    """
    return replace(clip, stop_at_layer=stop_at_clip_layer)
