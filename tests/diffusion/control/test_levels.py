"""A T2I adapter's features are added at the end of each level, however many blocks it has."""

import pytest
import torch
from torch import Tensor

from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.diffusion.unet.interventions import Interventions
from nodeflow.diffusion.unet.model import UNet2DConditionModel


@pytest.mark.parametrize("blocks", [1, 2])
def test_features_fit_each_level(blocks: int) -> None:
    torch.manual_seed(0)
    widths = (32, 64, 96)
    unet = UNet2DConditionModel(
        UNetConfig(
            block_out_channels=widths, layers_per_block=blocks, transformer_depth=(1, 1, 0),
            heads=(2, 2, 2), context_width=16,
        )
    ).eval()  # fmt: skip
    x, time, text = torch.randn(1, 4, 16, 16), torch.tensor([500.0]), torch.randn(1, 7, 16)

    def answer(level: int | None) -> Tensor:
        maps = [torch.ones(1, width, 16 >> i, 16 >> i) for i, width in enumerate(widths)]
        chosen = [((i, False), m) for i, m in enumerate(maps) if i == level]
        out: Tensor = unet(x, time, text, None, Interventions(features=tuple(chosen)))
        return out

    with torch.no_grad():
        plain = answer(None)
        assert all(not torch.equal(answer(level), plain) for level in range(3))
