"""A prompt as conditioning: chunks encoded alone, weighted, joined along tokens."""

import logging
import re
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from nodeflow.diffusion.conditioning import Conditioning, ConditioningEntry
from nodeflow.diffusion.recipe import Tower
from nodeflow.diffusion.text.chunks import Chunk, chunk_tokens
from nodeflow.diffusion.text.encoders import TextEncoders
from nodeflow.diffusion.text.prompt import parse_weights
from nodeflow.diffusion.text.tokenizer import load_tokenizer
from nodeflow.diffusion.text.towers import Reading, reading
from nodeflow.diffusion.text.transformer import ClipTextTransformer

EMBEDDING = re.compile(r"(?:^|(?<=\s))embedding:(\S+)")


def warn_of_embeddings(text: str) -> None:
    """Textual inversion files are not read yet: their names stay words, and that is said."""
    for name in EMBEDDING.findall(text):
        logging.getLogger(__name__).warning(
            "'embedding:%s' is read as plain words: embedding files are not supported yet", name
        )


def chunks_of(prompt: str, pad: int) -> list[Chunk]:
    """A prompt's chunks; an empty prompt is one chunk of padding."""
    pieces = parse_weights(prompt)
    for piece in pieces:
        warn_of_embeddings(piece.text)
    return chunk_tokens(pieces, load_tokenizer(), pad)


def hidden_states(
    encoder: ClipTextTransformer,
    rows: Sequence[tuple[int, ...]],
    how: Reading,
    stop_at_layer: int | None,
) -> tuple[Tensor, Tensor | None]:
    """Each row of 77 tokens encoded alone `[rows, 77, width]`, and the first pooled `[1, width]`.

    Float32 on the CPU. Nothing is pooled where the file lacks the last layer. Raises ValueError
    where the encoder has no such layer.
    """
    layer = how.layer if stop_at_layer is None else stop_at_layer
    tokens = torch.tensor(rows, device=next(encoder.parameters()).device)
    with torch.no_grad():
        states = encoder(tokens, layer, how.final_norm).float().cpu()
        if encoder.config.trimmed:
            return states, None
        pooled = encoder.pooled(encoder(tokens[:1]), tokens[:1])
    return states, pooled.float().cpu()


def encode_chunks(
    encoder: ClipTextTransformer, chunks: Sequence[Chunk], how: Reading, stop_at_layer: int | None
) -> tuple[Tensor, Tensor | None]:
    """Hidden states `[1, 77 n, width]`, weighted, and the pooled first chunk.

    A token of weight w becomes `(z - z_empty) w + z_empty`, where `z_empty` is the empty
    prompt's encoding at the same position.
    """
    weights = torch.tensor([chunk.weights for chunk in chunks])
    rows = [chunk.ids for chunk in chunks]
    weighted = bool((weights != 1.0).any())
    if weighted:
        rows.append(chunk_tokens([], load_tokenizer(), how.pad)[0].ids)
    states, pooled = hidden_states(encoder, rows, how, stop_at_layer)
    if weighted:
        empty, states = states[-1:], states[:-1]
        states = (states - empty) * weights[..., None] + empty
    return states.reshape(1, -1, states.shape[-1]), pooled


def encode_prompt(
    encoders: TextEncoders,
    prompts: Mapping[Tower, str] | str,
    stop_at_layer: int | None = None,
) -> Conditioning:
    """Encode with a family's conventions; the features of several encoders are joined.

    prompts: one for all encoders, or one for each; shorter ones are filled up with empty chunks.
    stop_at_layer: -2 is clip skip 2; None is the family's own. Raises ValueError where an encoder
    has no such layer.
    """
    ways = {tower: reading(encoders.family, tower) for tower in encoders.towers}
    chunks = {
        tower: chunks_of(prompts if isinstance(prompts, str) else prompts[tower], how.pad)
        for tower, how in ways.items()
    }
    longest = max(len(each) for each in chunks.values())
    embeddings, pooled = [], None
    for tower, encoder in encoders.towers.items():
        how = ways[tower]
        filling = chunks_of("", how.pad) * (longest - len(chunks[tower]))
        states, pooled = encode_chunks(encoder, [*chunks[tower], *filling], how, stop_at_layer)
        embeddings.append(states)
    return (ConditioningEntry(torch.cat(embeddings, dim=-1), pooled),)
