"""A prompt as conditioning: chunks encoded alone, weighted, joined along tokens."""

import logging
import re

import torch

from nodeflow.diffusion.conditioning import Conditioning, ConditioningEntry
from nodeflow.diffusion.text.chunks import chunk_tokens
from nodeflow.diffusion.text.prompt import parse_weights
from nodeflow.diffusion.text.tokenizer import END, load_tokenizer
from nodeflow.diffusion.text.transformer import ClipTextTransformer

EMBEDDING = re.compile(r"(?:^|(?<=\s))embedding:(\S+)")


def warn_of_embeddings(text: str) -> None:
    """Textual inversion files are not read yet: their names stay words, and that is said."""
    for name in EMBEDDING.findall(text):
        logging.getLogger(__name__).warning(
            "'embedding:%s' is read as plain words: embedding files are not supported yet", name
        )


def encode_prompt(
    encoder: ClipTextTransformer, prompt: str, stop_at_layer: int = -1
) -> Conditioning:
    """Encode with SD1's conventions; the embedding is float32 `[1, 77 n, width]` on the CPU.

    A token of weight w becomes `(z - z_empty) w + z_empty`, where `z_empty` is the empty
    prompt's encoding at the same position. `stop_at_layer` -2 is clip skip 2; the final layer
    norm follows in any case. Raises ValueError where the encoder has no such layer.
    """
    pieces = parse_weights(prompt)
    for piece in pieces:
        warn_of_embeddings(piece.text)
    chunks = chunk_tokens(pieces, load_tokenizer(), END)
    weights = torch.tensor([chunk.weights for chunk in chunks])
    rows = [chunk.ids for chunk in chunks]
    weighted = bool((weights != 1.0).any())
    if weighted:
        rows.append(chunk_tokens([], load_tokenizer(), END)[0].ids)
    device = next(encoder.parameters()).device
    tokens = torch.tensor(rows, device=device)
    with torch.no_grad():
        states = encoder(tokens, layer=stop_at_layer).float().cpu()
        last = states if stop_at_layer == -1 else encoder(tokens[:1]).float().cpu()
        pooled = encoder.pooled(last[:1].to(device), tokens[:1]).float().cpu()
    if weighted:
        empty, states = states[-1:], states[:-1]
        states = (states - empty) * weights[..., None] + empty
    return (ConditioningEntry(states.reshape(1, -1, states.shape[-1]), pooled),)
