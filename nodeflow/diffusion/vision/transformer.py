"""CLIP's vision transformer (arXiv 2103.00020), with transformers' parameter names."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nodeflow.diffusion.text.transformer import Mlp, embedding
from nodeflow.diffusion.vision.config import VisionConfig


@dataclass(frozen=True, eq=False)
class ImageFeatures:
    """What an image encoder says of a picture.

    embedding: `[batch, projection]` projected, or `[batch, width]` without a projection.
    last: hidden states of the last layer `[batch, 1 + patches, width]`; penultimate: of the one
    before; neither is normed.
    """

    embedding: Tensor
    last: Tensor
    penultimate: Tensor


class Seen(NamedTuple):
    """The normed class token `[batch, width]`; hidden states as in `ImageFeatures`."""

    token: Tensor
    last: Tensor
    penultimate: Tensor


class SelfAttention(nn.Module):
    """Multi-head self-attention of every patch over all."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q_proj = nn.Linear(width, width)
        self.k_proj = nn.Linear(width, width)
        self.v_proj = nn.Linear(width, width)
        self.out_proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        batch, tokens, width = x.shape
        q, k, v = (
            proj(x).view(batch, tokens, self.heads, -1).transpose(1, 2)
            for proj in (self.q_proj, self.k_proj, self.v_proj)
        )
        h = F.scaled_dot_product_attention(q, k, v)
        out: Tensor = self.out_proj(h.transpose(1, 2).reshape(batch, tokens, width))
        return out


class Layer(nn.Module):
    """Attention and MLP, each behind a LayerNorm, on a residual path."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.self_attn = SelfAttention(config.width, config.heads)
        self.layer_norm1 = nn.LayerNorm(config.width)
        self.mlp = Mlp(config.width, config.inner, config.activation)
        self.layer_norm2 = nn.LayerNorm(config.width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.self_attn(self.layer_norm1(x))
        out: Tensor = x + self.mlp(self.layer_norm2(x))
        return out


class Embeddings(nn.Module):
    """Patches, a class token before them, and positions."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.class_embedding = nn.Parameter(torch.zeros(config.width))
        self.patch_embedding = nn.Conv2d(3, config.width, config.patch, config.patch, bias=False)
        count = (config.image // config.patch) ** 2
        self.position_embedding = embedding(count + 1, config.width)

    def forward(self, pixels: Tensor) -> Tensor:
        patches = self.patch_embedding(pixels).flatten(2).transpose(1, 2)
        token = self.class_embedding.expand(len(pixels), 1, -1)
        return torch.cat([token, patches], dim=1) + self.position_embedding.weight


class Encoder(nn.Module):
    """The stack of layers."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))


class VisionModel(nn.Module):
    """Embeddings, norm, layers, norm: the part that files name `vision_model`."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.embeddings = Embeddings(config)
        # The missing letter is in the published files.
        self.pre_layrnorm = nn.LayerNorm(config.width)
        self.encoder = Encoder(config)
        self.post_layernorm = nn.LayerNorm(config.width)

    def forward(self, pixels: Tensor) -> Seen:
        """`pixels` float `[batch, 3, image, image]`, normalised."""
        x = self.pre_layrnorm(self.embeddings(pixels))
        before = x
        for layer in self.encoder.layers:
            before, x = x, layer(x)
        return Seen(self.post_layernorm(x[:, 0]), x, before)


class ClipVisionTransformer(nn.Module):
    """Pictures to features."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.config = config
        self.vision_model = VisionModel(config)
        self.visual_projection = (
            None
            if config.projection is None
            else nn.Linear(config.width, config.projection, bias=False)
        )

    def forward(self, pixels: Tensor) -> ImageFeatures:
        """`pixels` float `[batch, 3, image, image]`, normalised."""
        token, last, before = self.vision_model(pixels)
        projected = token if self.visual_projection is None else self.visual_projection(token)
        return ImageFeatures(projected, last, before)
