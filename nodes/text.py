"""Prompts to conditioning."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Annotated

from nodeflow.node import Folders, Multiline, Range, RunContext, node
from nodeflow.values import Clip, Conditioning


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
    from nodeflow.diffusion.residency import residency_of
    from nodeflow.diffusion.text.encode import encode_prompt
    from nodeflow.diffusion.text.inversion_folders import Inversions

    inversions = Inversions(context.folders.model_folders("embeddings"))
    residency = context.resources.get(*residency_of(context.device))
    encoders = residency.text_encoders(clip)
    return encode_prompt(encoders, text, clip.stop_at_layer, inversions)


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
