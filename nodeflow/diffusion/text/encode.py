"""A prompt as conditioning: chunks encoded alone, weighted, joined along tokens."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from nodeflow.diffusion.conditioning import Conditioning, ConditioningEntry
from nodeflow.diffusion.recipe import Tower
from nodeflow.diffusion.text.chunks import Chunk, chunk_tokens
from nodeflow.diffusion.text.encoders import TextEncoders
from nodeflow.diffusion.text.inversion_folders import NO_INVERSIONS, Inversions
from nodeflow.diffusion.text.inversion_words import AddedWords
from nodeflow.diffusion.text.prompt import Piece, parse_weights
from nodeflow.diffusion.text.tokenizer import Tokenizer, load_tokenizer
from nodeflow.diffusion.text.towers import Reading, reading
from nodeflow.diffusion.text.transformer import ClipTextTransformer


def chunks_of(prompt: str, pad: int, tokenizer: Tokenizer) -> list[Chunk]:
    """A prompt's chunks; an empty prompt is one chunk of padding."""
    return chunk_tokens(parse_weights(prompt), tokenizer, pad)


def hidden_states(
    encoder: ClipTextTransformer,
    rows: Sequence[tuple[int, ...]],
    how: Reading,
    stop_at_layer: int | None,
    added: Tensor | None = None,
) -> tuple[Tensor, Tensor | None]:
    """Each row of 77 tokens encoded alone `[rows, 77, width]`, and the first pooled `[1, width]`.

    Float32 on the CPU. Nothing is pooled where the file lacks the last layer. Raises ValueError
    where the encoder has no such layer.
    """
    layer = how.layer if stop_at_layer is None else stop_at_layer
    tokens = torch.tensor(rows, device=next(encoder.parameters()).device)
    with torch.no_grad():
        states = encoder(tokens, layer, how.final_norm, added).float().cpu()
        if encoder.config.trimmed:
            return states, None
        pooled = encoder.pooled(encoder(tokens[:1], added=added), tokens[:1])
    return states, pooled.float().cpu()


def encode_chunks(
    encoder: ClipTextTransformer,
    chunks: Sequence[Chunk],
    how: Reading,
    stop_at_layer: int | None,
    added: Tensor | None = None,
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
    states, pooled = hidden_states(encoder, rows, how, stop_at_layer, added)
    if weighted:
        empty, states = states[-1:], states[:-1]
        states = (states - empty) * weights[..., None] + empty
    return states.reshape(1, -1, states.shape[-1]), pooled


def encode_prompt(
    encoders: TextEncoders,
    prompts: Mapping[Tower, str] | str,
    stop_at_layer: int | None = None,
    inversions: Inversions = NO_INVERSIONS,
) -> Conditioning:
    """Encode with a family's conventions; the features of several encoders are joined.

    prompts: one for all encoders, or one for each; shorter ones are filled up with empty chunks.
    stop_at_layer: -2 is clip skip 2; None is the family's own. inversions: where `embedding:name`
    is looked up. Raises ValueError where an encoder
    has no such layer.
    """
    return encode_pieces(
        encoders,
        {
            tower: parse_weights(prompts if isinstance(prompts, str) else prompts[tower])
            for tower in encoders.towers
        },
        stop_at_layer,
        inversions,
    )


def encode_pieces(
    encoders: TextEncoders,
    pieces: Mapping[Tower, Sequence[Piece]],
    stop_at_layer: int | None = None,
    inversions: Inversions = NO_INVERSIONS,
) -> Conditioning:
    """The same of a prompt that is in weighted pieces already, for each encoder."""
    ways = {tower: reading(encoders.family, tower) for tower in encoders.towers}
    words = {t: AddedWords(t, e.config.width, inversions) for t, e in encoders.towers.items()}
    chunks = {t: chunk_tokens(pieces[t], words[t], how.pad) for t, how in ways.items()}
    longest = max(len(each) for each in chunks.values())
    embeddings, pooled = [], None
    for tower, encoder in encoders.towers.items():
        how = ways[tower]
        filling = chunks_of("", how.pad, load_tokenizer()) * (longest - len(chunks[tower]))
        every = [*chunks[tower], *filling]
        states, pooled = encode_chunks(encoder, every, how, stop_at_layer, words[tower].table())
        embeddings.append(states)
    return (ConditioningEntry(torch.cat(embeddings, dim=-1), pooled),)
