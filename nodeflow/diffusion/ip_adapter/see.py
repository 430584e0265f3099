"""Pictures to the tokens of an IP-Adapter."""

import torch
from torch import Tensor

from nodeflow.diffusion.held_tensors import held_as
from nodeflow.diffusion.ip_adapter.config import Projection
from nodeflow.diffusion.ip_adapter.network import IPAdapter
from nodeflow.diffusion.ip_adapter.patch import SeenPictures
from nodeflow.diffusion.vision.encode import encode_picture
from nodeflow.diffusion.vision.transformer import ClipVisionTransformer, ImageFeatures


def see(
    adapter: IPAdapter, encoder: ClipVisionTransformer, image: Tensor, mask: Tensor | None
) -> SeenPictures:
    """Pictures `[n, H, W, C]` in 0..1 as tokens, those of one behind those of another.

    The negative side sees an embedding of zeros, or, where patches are taken, those of a grey
    picture, as in training. mask: `[1, H, W]` or None. Raises ValueError for several masks.
    """
    if mask is not None and mask.dim() == 3 and len(mask) != 1:
        raise ValueError(f"an IP-Adapter takes one mask for all its pictures, and got {len(mask)}")
    features = encode_picture(encoder, image)
    if adapter.config.projection is Projection.PLAIN:
        positive = features.embedding
        negative = torch.zeros_like(positive[:1])
    else:
        positive, negative = features.penultimate, states_of_nothing(encoder)
    found = {
        "positive": tokens(adapter, positive),
        "negative": tokens(adapter, negative).repeat(1, len(image), 1),
    }
    if mask is not None:
        found["mask"] = (mask if mask.dim() == 3 else mask[None]).float()
    return held_as(SeenPictures, found)


def states_of_nothing(encoder: ClipVisionTransformer) -> Tensor:
    """The penultimate states `[1, patches, width]` of a picture whose normalised pixels are 0."""
    weight = encoder.vision_model.embeddings.patch_embedding.weight
    side = encoder.config.image
    with torch.no_grad():
        seen: ImageFeatures = encoder(weight.new_zeros(1, 3, side, side))
    return seen.penultimate.float().cpu()


def tokens(adapter: IPAdapter, features: Tensor) -> Tensor:
    """Features of n pictures as tokens in a row, float32 `[1, all, context]`, on the CPU."""
    like = next(adapter.parameters())
    with torch.no_grad():
        made: Tensor = adapter.image_proj(features.to(like))
    return made.flatten(0, 1)[None].float().cpu()
