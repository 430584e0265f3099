"""PhotoMaker's networks (arXiv 2312.04461, section 3.2); names as in the published file."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nodeflow.diffusion.vision.config import VisionConfig
from nodeflow.diffusion.vision.transformer import VisionModel


class Mlp(nn.Module):
    """Two linear layers behind a norm."""

    def __init__(self, into: int, width: int) -> None:
        super().__init__()
        self.layernorm = nn.LayerNorm(into)
        self.fc1 = nn.Linear(into, width)
        self.fc2 = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.fc2(F.gelu(self.fc1(self.layernorm(x))))
        return out


class FuseModule(nn.Module):
    """Words and pictures `[n, width]` each, to words that mean the pictures (equation 1)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mlp1 = Mlp(2 * width, width)
        self.mlp2 = Mlp(width, width)
        self.layer_norm = nn.LayerNorm(width)

    def forward(self, words: Tensor, pictures: Tensor) -> Tensor:
        h = words + self.mlp1(torch.cat([words, pictures], dim=-1))
        out: Tensor = self.layer_norm(h + self.mlp2(h))
        return out


class PhotoMaker(nn.Module):
    """Pictures of somebody and the words that stand for them."""

    def __init__(self, vision: VisionConfig, second: int) -> None:
        super().__init__()
        first = vision.projection or 0
        self.vision = vision
        self.vision_model = VisionModel(vision)
        self.visual_projection = nn.Linear(vision.width, first, bias=False)
        self.visual_projection_2 = nn.Linear(vision.width, second, bias=False)
        self.fuse_module = FuseModule(first + second)

    def forward(self, pixels: Tensor, words: Tensor) -> Tensor:
        """`pixels` `[n, 3, image, image]` normalised, `words` `[n, width]`; one for each picture.

        Returns `[n, width]`.
        """
        token = self.vision_model(pixels).token
        seen = torch.cat([self.visual_projection(token), self.visual_projection_2(token)], dim=-1)
        out: Tensor = self.fuse_module(words, seen)
        return out
