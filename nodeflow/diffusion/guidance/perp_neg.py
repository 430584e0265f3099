"""Perp-Neg (arXiv 2304.04968): the negative prompt without its part along the positive one."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from nodeflow.diffusion.conditioning import Conditioning
from nodeflow.diffusion.guidance.classifier_free import Side, evaluate
from nodeflow.diffusion.guidance.coverage import check_counts
from nodeflow.diffusion.guidance.regions import resolve
from nodeflow.diffusion.guidance.rows import Guidance, Guider
from nodeflow.diffusion.samplers.step import ModelCall

if TYPE_CHECKING:
    from nodeflow.diffusion.sampling.setting import Setting


def across(vector: Tensor, along: Tensor) -> Tensor:
    """The part of `vector` at right angles to `along`, for each image of the batch."""
    dims = (1, 2, 3)
    share = (vector * along).sum(dims, keepdim=True) / along.square().sum(dims, keepdim=True)
    return vector - share.nan_to_num() * along


@dataclass(frozen=True, eq=False)
class PerpNegPrompts:
    """`empty + cfg (positive - empty - neg_scale * across)`, image by image."""

    positive: Conditioning
    negative: Conditioning
    empty: Conditioning
    cfg: float
    neg_scale: float

    def guider(self, setting: "Setting") -> Guider:
        """All three resolved for a latent."""
        shape, schedule = tuple(setting.latent.shape), setting.space.schedule
        positive, negative = resolve(
            self.positive,
            self.negative,
            shape,
            schedule,
            setting.items,
            setting.inputs,
            setting.sigmas,
        )
        empty, _ = resolve(
            self.empty,
            self.positive,
            shape,
            schedule,
            setting.items,
            setting.inputs,
            setting.sigmas,
        )
        for name, prompt, regions in (
            ("positive", self.positive, positive),
            ("negative", self.negative, negative),
            ("empty_conditioning", self.empty, empty),
        ):
            check_counts(name, prompt, regions, shape, setting.sigmas)

        def guide(call: ModelCall) -> Guidance:
            sides = Side(positive), Side(negative), Side(empty)
            wanted, unwanted, plain = yield from evaluate(call, sides)
            towards = wanted - plain
            away = across(unwanted - plain, towards)
            denoised = plain + self.cfg * (towards - self.neg_scale * away)
            return torch.stack([denoised, plain]) if call.both else denoised

        return guide
