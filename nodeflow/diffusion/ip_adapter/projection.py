"""What an image encoder sees as tokens (arXiv 2308.06721); names as in the published files."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nodeflow.diffusion.ip_adapter.config import IPAdapterConfig, ResamplerConfig
from nodeflow.diffusion.ip_adapter.files import HEAD


class PlainProjection(nn.Module):
    """A projected embedding `[n, seen]` to a few tokens `[n, tokens, context]`."""

    def __init__(self, config: IPAdapterConfig) -> None:
        super().__init__()
        self.context = config.context
        self.proj = nn.Linear(config.seen, config.tokens * config.context)
        self.norm = nn.LayerNorm(config.context)

    def forward(self, seen: Tensor) -> Tensor:
        out: Tensor = self.norm(self.proj(seen).view(len(seen), -1, self.context))
        return out


class FullProjection(nn.Module):
    """Every patch `[n, patches, seen]` to a token."""

    def __init__(self, config: IPAdapterConfig) -> None:
        super().__init__()
        self.proj = nn.Sequential(
            nn.Linear(config.seen, config.seen),
            nn.GELU(),
            nn.Linear(config.seen, config.context),
            nn.LayerNorm(config.context),
        )

    def forward(self, seen: Tensor) -> Tensor:
        out: Tensor = self.proj(seen)
        return out


class PerceiverAttention(nn.Module):
    """Queries look at patches and at themselves (arXiv 2204.14198, section 2)."""

    def __init__(self, config: ResamplerConfig) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(config.width)
        self.norm2 = nn.LayerNorm(config.width)
        self.to_q = nn.Linear(config.width, config.inner, bias=False)
        self.to_kv = nn.Linear(config.width, 2 * config.inner, bias=False)
        self.to_out = nn.Linear(config.inner, config.width, bias=False)

    def forward(self, patches: Tensor, queries: Tensor) -> Tensor:
        queries = self.norm2(queries)
        k, v = self.to_kv(torch.cat([self.norm1(patches), queries], dim=1)).chunk(2, dim=-1)
        q = self.to_q(queries)
        q, k, v = (part.unflatten(-1, (-1, HEAD)).transpose(1, 2) for part in (q, k, v))
        seen = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        out: Tensor = self.to_out(seen)
        return out


class ResamplerLayer(nn.ModuleList):
    """Attention and an MLP, which files number 0 and 1."""

    def __init__(self, config: ResamplerConfig) -> None:
        mlp = nn.Sequential(
            nn.LayerNorm(config.width),
            nn.Linear(config.width, config.hidden, bias=False),
            nn.GELU(),
            nn.Linear(config.hidden, config.width, bias=False),
        )
        super().__init__([PerceiverAttention(config), mlp])

    def forward(self, patches: Tensor, queries: Tensor) -> Tensor:
        queries = queries + self[0](patches, queries)
        out: Tensor = queries + self[1](queries)
        return out


class Resampler(nn.Module):
    """Patches `[n, patches, seen]` to learnt queries `[n, queries, context]`."""

    def __init__(self, config: IPAdapterConfig, sizes: ResamplerConfig) -> None:
        super().__init__()
        self.latents = nn.Parameter(torch.zeros(1, sizes.queries, sizes.width))
        self.proj_in = nn.Linear(config.seen, sizes.width)
        self.layers = nn.ModuleList(ResamplerLayer(sizes) for _ in range(sizes.depth))
        self.proj_out = nn.Linear(sizes.width, config.context)
        self.norm_out = nn.LayerNorm(config.context)

    def forward(self, seen: Tensor) -> Tensor:
        patches = self.proj_in(seen)
        queries = self.latents.expand(len(seen), -1, -1)
        for layer in self.layers:
            queries = layer(patches, queries)
        out: Tensor = self.norm_out(self.proj_out(queries))
        return out
