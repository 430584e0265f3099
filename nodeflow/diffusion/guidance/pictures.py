"""Pictures as prompts, made ready for one side of guidance and one latent size."""

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor

from nodeflow.diffusion.conditioning import Area
from nodeflow.diffusion.guidance.rows import PictureRows
from nodeflow.diffusion.ip_adapter.patch import PicturePrompt
from nodeflow.diffusion.recipe import WeightsFile
from nodeflow.diffusion.schedule.discrete import DiscreteSchedule


@dataclass(frozen=True, eq=False)
class Shown:
    """Tokens `[1, n, width]`, `mask` `[1, 1, h, w]` of the latent's size; active up to `high`."""

    adapter: WeightsFile
    tokens: Tensor
    weight: float
    mask: Tensor | None
    high: float
    low: float

    def rows(self, area: Area) -> PictureRows:
        """Their part for a rectangle of the latent."""
        mask = self.mask
        if mask is not None and mask.shape[2:] != (area.height, area.width):
            rows = slice(area.y, area.y + area.height)
            mask = mask[:, :, rows, area.x : area.x + area.width]
        return PictureRows(self.adapter, self.weight, self.tokens, mask)


def shown(
    prompt: PicturePrompt, negative: bool, size: tuple[int, int], schedule: DiscreteSchedule
) -> Shown:
    """Pictures for one side and a latent of (height, width)."""
    mask = prompt.seen.mask
    if mask is not None:
        mask = F.interpolate(mask[:, None], size, mode="bilinear", align_corners=False)
    high, low = (schedule.at_percent(p) for p in (prompt.start_percent, prompt.end_percent))
    tokens = prompt.seen.negative if negative else prompt.seen.positive
    return Shown(prompt.adapter.source, tokens, prompt.weight, mask, high, low)
