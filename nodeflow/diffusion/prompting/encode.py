"""One text of A1111's language through a family's text encoders."""

from functools import partial

import torch

from nodeflow.diffusion.conditioning import Conditioning, ConditioningEntry
from nodeflow.diffusion.prompting.a1111 import chunks_of, emphasised, encode_a1111, weights_of
from nodeflow.diffusion.text.encode import hidden_states
from nodeflow.diffusion.text.encoders import TextEncoders
from nodeflow.diffusion.text.inversion_folders import NO_INVERSIONS, Inversions
from nodeflow.diffusion.text.inversion_words import AddedWords
from nodeflow.diffusion.text.towers import reading


def encode_text(
    encoders: TextEncoders, stop_at_layer: int | None, inversions: Inversions, prompt: str
) -> ConditioningEntry:
    """Chunks encoded alone, weighted by A1111's arithmetic, joined along tokens."""
    embeddings, pooled = [], None
    for tower, encoder in encoders.towers.items():
        words = AddedWords(tower, encoder.config.width, inversions)
        how = reading(encoders.family, tower)
        chunks = chunks_of(prompt, words, how.pad)
        rows = [chunk.ids for chunk in chunks]
        states, pooled = hidden_states(encoder, rows, how, stop_at_layer, words.table())
        weights = weights_of(chunks)
        if bool((weights != 1.0).any()):
            states = emphasised(states, weights)
        embeddings.append(states.reshape(1, -1, states.shape[-1]))
    return ConditioningEntry(torch.cat(embeddings, dim=-1), pooled)


def encode_prompt_a1111(
    encoders: TextEncoders,
    prompt: str,
    steps: int,
    stop_at_layer: int | None = None,
    inversions: Inversions = NO_INVERSIONS,
) -> Conditioning:
    """A prompt with schedules and AND, for a sampling of `steps` steps."""
    return encode_a1111(prompt, steps, partial(encode_text, encoders, stop_at_layer, inversions))
