"""Control nets for pictures of several kinds: ControlNet++ (xinsir's union files).

Parameter names, `transformer_layes` too, as in diffusers' ControlNetUnionModel.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nodeflow.diffusion.control.config import ControlNetConfig
from nodeflow.diffusion.control.net import ControlNetModel
from nodeflow.diffusion.unet.interventions import Interventions
from nodeflow.diffusion.unet.timestep import TimestepEmbedding, timestep_features

FLAG_WIDTH = 256
"""Sinusoids that tell whether a kind is there."""
OWN = ("task_embedding", "transformer_layes.", "spatial_ch_projs.", "control_add_embedding.")
"""Names that other control nets lack."""


class SelfAttention(nn.Module):
    """Attention of a token over itself alone, which is its value; names as in torch's.

    The published networks attend along the batch, where one picture steers every row: all tokens
    are equal then, and the weights of the average change nothing. Taking each alone gives the same
    and lets no image of a batch depend on the others.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.empty(3 * width))
        self.out_proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """`[B, width]` to the same; queries and keys, which nothing is asked of, are left out."""
        start = 2 * x.shape[-1]
        out: Tensor = self.out_proj(
            F.linear(x, self.in_proj_weight[start:], self.in_proj_bias[start:])
        )
        return out


class QuickMlp(nn.Module):
    """Two linear layers, CLIP's approximation of GELU between them."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.c_fc = nn.Linear(width, 4 * width)
        self.c_proj = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        h = self.c_fc(x)
        out: Tensor = self.c_proj(h * torch.sigmoid(1.702 * h))
        return out


class TokenBlock(nn.Module):
    """A transformer block before whose parts a norm stands."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.attn = SelfAttention(width)
        self.ln_1 = nn.LayerNorm(width)
        self.mlp = QuickMlp(width)
        self.ln_2 = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.ln_1(x))
        out: Tensor = x + self.mlp(self.ln_2(x))
        return out


class UnionControlNetModel(ControlNetModel):
    """A control net that is told what kinds of picture it sees."""

    def __init__(self, config: ControlNetConfig) -> None:
        super().__init__(config)
        width = config.unet.block_out_channels[0]
        self.task_embedding = nn.Parameter(torch.empty(config.types, width))
        self.transformer_layes = nn.ModuleList(TokenBlock(width) for _ in range(config.type_layers))
        self.spatial_ch_projs = nn.Linear(width, width)
        self.control_add_embedding = TimestepEmbedding(FLAG_WIDTH * config.types, 4 * width)

    def seen(self, hint: Tensor, types: tuple[int, ...]) -> Tensor:
        """The picture's features, once for each kind that it is of; as they are for none."""
        features: Tensor = self.controlnet_cond_embedding(hint)
        if not types:
            return features
        mean = features.mean(dim=(2, 3))
        total = torch.zeros_like(features)
        for kind in types:
            token = mean + self.task_embedding[kind]
            for layer in self.transformer_layes:
                token = layer(token)
            total = total + features + self.spatial_ch_projs(token)[..., None, None]
        return total

    def forward(
        self,
        x: Tensor,
        timesteps: Tensor,
        context: Tensor,
        y: Tensor | None,
        hint: Tensor,
        types: tuple[int, ...] = (),
    ) -> Interventions:
        """As other control nets'; types: numbers of the kinds that the picture is of."""
        flags = torch.zeros(len(self.task_embedding), device=x.device)
        flags[list(types)] = 1
        told = timestep_features(flags, FLAG_WIDTH).flatten().to(x.dtype)
        time = self.embedded_time(timesteps, y, x, self.control_add_embedding(told))
        return self.steered(x, self.seen(hint, types), time, context)


def network(config: ControlNetConfig) -> ControlNetModel:
    """The network of these sizes."""
    return UnionControlNetModel(config) if config.types else ControlNetModel(config)
