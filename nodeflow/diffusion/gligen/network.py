"""GLIGEN's networks (arXiv 2301.07093); names as in the published files."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from nodeflow.diffusion.gligen.config import MOST, GligenConfig
from nodeflow.diffusion.guidance.rows import Box
from nodeflow.diffusion.unet.attention import FeedForward, attention

TEMPERATURE = 100.0
"""Of the frequencies of corners."""


class PositionNet(nn.Module):
    """Boxes and their texts to objects (equation 5)."""

    def __init__(self, config: GligenConfig) -> None:
        super().__init__()
        self.config = config
        position = 8 * config.frequencies
        self.linears = nn.Sequential(
            nn.Linear(config.text + position, config.hidden),
            nn.SiLU(),
            nn.Linear(config.hidden, config.hidden),
            nn.SiLU(),
            nn.Linear(config.hidden, config.context),
        )
        self.null_positive_feature = nn.Parameter(torch.zeros(config.text))
        self.null_position_feature = nn.Parameter(torch.zeros(position))

    def forward(self, boxes: Sequence[Box], texts: Sequence[Tensor]) -> Tensor:
        """`texts`: `[1, text]` of each box. Returns `[1, MOST, context]`, nothings behind."""
        like = self.null_positive_feature
        free = MOST - len(boxes)
        corners = torch.tensor(boxes, device=like.device).view(-1, 4)
        positions = corner_features(corners, self.config.frequencies).to(like)
        words = [text.to(like) for text in texts]
        seen = torch.cat(
            [
                torch.cat([*words, self.null_positive_feature.expand(free, -1)]),
                torch.cat([positions, self.null_position_feature.expand(free, -1)]),
            ],
            dim=-1,
        )
        out: Tensor = self.linears(seen)[None]
        return out


def corner_features(corners: Tensor, frequencies: int) -> Tensor:
    """`[n, 4]` to `[n, 8 * frequencies]`: for each frequency the sines, then the cosines."""
    order = torch.arange(frequencies, device=corners.device) / frequencies
    angles = corners[:, None, :] * (TEMPERATURE**order)[None, :, None]
    return torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)


class FuserAttention(nn.Module):
    """What a feature map asks of itself and of objects."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.to_q = nn.Linear(width, width, bias=False)
        self.to_k = nn.Linear(width, width, bias=False)
        self.to_v = nn.Linear(width, width, bias=False)
        self.to_out = nn.ModuleList([nn.Linear(width, width)])

    def forward(self, visual: Tensor, everything: Tensor, heads: int) -> Tensor:
        k, v = self.to_k(everything), self.to_v(everything)
        out: Tensor = self.to_out[0](attention(self.to_q(visual), k, v, heads))
        return out


class Fuser(nn.Module):
    """Gated self-attention between a block's own two attentions (equation 8)."""

    def __init__(self, width: int, context: int) -> None:
        super().__init__()
        self.linear = nn.Linear(context, width)
        self.attn = FuserAttention(width)
        self.ff = FeedForward(width)
        self.norm1 = nn.LayerNorm(width)
        self.norm2 = nn.LayerNorm(width)
        self.alpha_attn = nn.Parameter(torch.zeros(()))
        self.alpha_dense = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor, objects: Tensor, heads: int) -> Tensor:
        """`x` `[rows, cells, width]`, `objects` `[rows, MOST, context]`."""
        everything = self.norm1(torch.cat([x, self.linear(objects)], dim=1))
        seen = self.attn(everything[:, : x.shape[1]], everything, heads)
        x = x + self.alpha_attn.tanh() * seen
        out: Tensor = x + self.alpha_dense.tanh() * self.ff(self.norm2(x))
        return out


class Gligen(nn.Module):
    """All of a file."""

    def __init__(self, config: GligenConfig) -> None:
        super().__init__()
        self.config = config
        self.position_net = PositionNet(config)
        self.fusers = nn.ModuleList(Fuser(width, config.context) for width in config.fusers)
