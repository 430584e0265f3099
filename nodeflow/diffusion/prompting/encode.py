"""One text of A1111's language through a text encoder."""

from functools import partial

import torch

from nodeflow.diffusion.conditioning import Conditioning, ConditioningEntry
from nodeflow.diffusion.prompting.a1111 import chunks_of, emphasised, encode_a1111, weights_of
from nodeflow.diffusion.text.tokenizer import load_tokenizer
from nodeflow.diffusion.text.transformer import ClipTextTransformer


def encode_text(encoder: ClipTextTransformer, stop_at_layer: int, prompt: str) -> ConditioningEntry:
    """Chunks encoded alone, weighted by A1111's arithmetic, joined along tokens."""
    chunks = chunks_of(prompt, load_tokenizer())
    device = next(encoder.parameters()).device
    tokens = torch.tensor([chunk.ids for chunk in chunks], device=device)
    with torch.no_grad():
        states = encoder(tokens, layer=stop_at_layer).float().cpu()
        last = states if stop_at_layer == -1 else encoder(tokens[:1]).float().cpu()
        pooled = encoder.pooled(last[:1].to(device), tokens[:1]).float().cpu()
    weights = weights_of(chunks)
    if bool((weights != 1.0).any()):
        states = emphasised(states, weights)
    return ConditioningEntry(states.reshape(1, -1, states.shape[-1]), pooled)


def encode_prompt_a1111(
    encoder: ClipTextTransformer, prompt: str, steps: int, stop_at_layer: int = -1
) -> Conditioning:
    """A prompt with schedules and AND, for a sampling of `steps` steps."""
    return encode_a1111(prompt, steps, partial(encode_text, encoder, stop_at_layer))
