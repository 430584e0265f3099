"""A prompt in which a word means somebody in pictures."""

from dataclasses import replace

import torch
from torch import Tensor

from nodeflow.diffusion.checkpoint.header import CheckpointError
from nodeflow.diffusion.conditioning import Conditioning, ConditioningEntry
from nodeflow.diffusion.photomaker.network import PhotoMaker
from nodeflow.diffusion.photomaker.words import class_words
from nodeflow.diffusion.text.encode import encode_pieces
from nodeflow.diffusion.text.encoders import TextEncoders
from nodeflow.diffusion.text.prompt import parse_weights
from nodeflow.diffusion.text.tokenizer import load_tokenizer
from nodeflow.diffusion.vision.encode import preprocess


def encode_person(
    encoders: TextEncoders,
    network: PhotoMaker,
    image: Tensor,
    text: str,
    stop_at_layer: int | None = None,
) -> Conditioning:
    """A prompt through a family's text encoders, the word before `photomaker` fused with pictures
    `[n, H, W, C]` in 0..1. Without that word it is the plain prompt.

    Raises CheckpointError where the prompt is of another family than PhotoMaker was made for.
    """
    pieces, places = class_words(parse_weights(text), len(image), load_tokenizer())
    prompts = dict.fromkeys(encoders.towers, pieces)
    (entry,) = encode_pieces(encoders, prompts, stop_at_layer)
    width, wanted = entry.embedding.shape[-1], network.fuse_module.layer_norm.normalized_shape[0]
    if width != wanted:
        raise CheckpointError(
            f"PhotoMaker changes prompts {wanted:,} numbers wide, and this text encoder's are "
            f"{width:,} wide: it was made for another family of models"
        )
    return (fused(entry, network, image, places) if places else entry,)


def fused(
    entry: ConditioningEntry, network: PhotoMaker, image: Tensor, places: tuple[int, ...]
) -> ConditioningEntry:
    """A prompt with pictures in some of its places."""
    like = network.visual_projection.weight
    pixels = preprocess(image, network.vision.image)
    embedding = entry.embedding.clone()
    where = list(places)
    with torch.no_grad():
        words = network(pixels.to(like), embedding[0, where].to(like))
    embedding[0, where] = words.float().cpu()
    return replace(entry, embedding=embedding)
