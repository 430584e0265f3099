"""Transformer blocks inside the UNet (arXiv 2112.10752; parameter names as in diffusers)."""

from dataclasses import replace

import torch.nn.functional as F
from torch import Tensor, nn

from nodeflow.diffusion.pointwise import PointwiseConv2d
from nodeflow.diffusion.unet.interventions import (
    AttentionOverride,
    ContextChange,
    Interventions,
    Place,
    TextKeys,
)


class Attention(nn.Module):
    """Multi-head attention of `x` over `context`, or over itself."""

    def __init__(self, width: int, context_width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_q = nn.Linear(width, width, bias=False)
        self.to_k = nn.Linear(context_width, width, bias=False)
        self.to_v = nn.Linear(context_width, width, bias=False)
        self.to_out = nn.ModuleList([nn.Linear(width, width)])

    def forward(
        self,
        x: Tensor,
        context: Tensor,
        place: Place,
        override: AttentionOverride | None,
        contexts: ContextChange | None,
        text: TextKeys | None = None,
    ) -> Tensor:
        """text: keeps keys and values where `context` is the text."""

        def keys() -> tuple[Tensor, Tensor]:
            of_k, of_v = (context, context) if contexts is None else contexts(context)
            return self.to_k(of_k), self.to_v(of_v)

        q = self.to_q(x)
        k, v = keys() if text is None else text.of(self, keys)
        if override is not None:
            attended = override(place, q, k, v, self.heads)
        else:
            attended = attention(q, k, v, self.heads)
        out: Tensor = self.to_out[0](attended)
        return out


def attention(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """Scaled dot-product attention; `[batch, tokens, width]` each, and returned."""
    batch, tokens, width = q.shape
    q, k, v = (part.view(batch, -1, heads, width // heads).transpose(1, 2) for part in (q, k, v))
    return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, tokens, width)


class GEGLU(nn.Module):
    """Gated linear unit with GELU (arXiv 2002.05202)."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.proj = nn.Linear(width, 2 * inner)

    def forward(self, x: Tensor) -> Tensor:
        value, gate = self.proj(x).chunk(2, dim=-1)
        out: Tensor = value * F.gelu(gate)
        return out


class FeedForward(nn.Module):
    """GEGLU to four times the width and back. `net.1` is a dropout that has no weights."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.net = nn.ModuleList(
            [GEGLU(width, 4 * width), nn.Identity(), nn.Linear(4 * width, width)]
        )

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.net[2](self.net[0](x))
        return out


class TransformerBlock(nn.Module):
    """Self-attention, attention over the text, feed-forward, each behind a LayerNorm.

    cross_only: the first attention is over the text too.
    """

    def __init__(self, width: int, context_width: int, heads: int, cross_only: bool) -> None:
        super().__init__()
        self.cross_only = cross_only
        self.norm1 = nn.LayerNorm(width)
        self.attn1 = Attention(width, context_width if cross_only else width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.attn2 = Attention(width, context_width, heads)
        self.norm3 = nn.LayerNorm(width)
        self.ff = FeedForward(width)

    def forward(
        self, x: Tensor, context: Tensor, place: Place, interventions: Interventions
    ) -> Tensor:
        h, text, contexts = self.norm1(x), interventions.text, interventions.contexts
        across = interventions.cross_attention
        if self.cross_only:
            x = x + self.attn1(h, context, place, across, contexts, text)
        else:
            x = x + self.attn1(h, h, place, interventions.self_attention, contexts)
        if interventions.between is not None:
            x = interventions.between(place, x)
        x = x + self.attn2(self.norm2(x), context, place, across, contexts, text)
        out: Tensor = x + self.ff(self.norm3(x))
        return out


class Transformer2D(nn.Module):
    """Transformer blocks over the pixels of a feature map."""

    def __init__(
        self,
        width: int,
        context_width: int,
        heads: int,
        depth: int,
        groups: int,
        linear_projection: bool,
        cross_only: bool = False,
    ) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(groups, width, eps=1e-6)
        self.proj_in: nn.Linear | PointwiseConv2d
        self.proj_out: nn.Linear | PointwiseConv2d
        if linear_projection:
            self.proj_in, self.proj_out = nn.Linear(width, width), nn.Linear(width, width)
        else:
            self.proj_in = PointwiseConv2d(width, width)
            self.proj_out = PointwiseConv2d(width, width)
        self.transformer_blocks = nn.ModuleList(
            TransformerBlock(width, context_width, heads, cross_only) for _ in range(depth)
        )

    def forward(
        self, x: Tensor, context: Tensor, place: Place, interventions: Interventions
    ) -> Tensor:
        batch, width, rows, columns = x.shape
        h = projected(self.proj_in, self.norm(x).flatten(2).transpose(1, 2).contiguous())
        for depth, block in enumerate(self.transformer_blocks):
            h = block(h, context, replace(place, depth=depth), interventions)
        h = projected(self.proj_out, h)
        return x + h.transpose(1, 2).reshape(batch, width, rows, columns)


def projected(projection: nn.Linear | PointwiseConv2d, tokens: Tensor) -> Tensor:
    """Tokens `[B, n, width]` by a linear layer, or by a 1 by 1 convolution's weights."""
    return F.linear(tokens, projection.weight.flatten(1), projection.bias)
