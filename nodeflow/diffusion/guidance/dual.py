"""Two prompts and a negative one, guided one after the other (arXiv 2211.09800, section 3.2)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from nodeflow.diffusion.conditioning import Conditioning
from nodeflow.diffusion.guidance.classifier_free import Side, evaluate
from nodeflow.diffusion.guidance.coverage import check_counts
from nodeflow.diffusion.guidance.regions import resolve
from nodeflow.diffusion.guidance.rows import Guidance, Guider
from nodeflow.diffusion.samplers.step import ModelCall

if TYPE_CHECKING:
    from nodeflow.diffusion.sampling.setting import Setting


@dataclass(frozen=True, eq=False)
class DualPrompts:
    """Regular: `negative + cfg_2 (second - negative) + cfg_1 (first - second)`.

    Nested: `negative + cfg_2 (second + cfg_1 (first - second) - negative)`.
    """

    first: Conditioning
    second: Conditioning
    negative: Conditioning
    cfg_1: float
    cfg_2: float
    nested: bool = False

    def guider(self, setting: "Setting") -> Guider:
        """All three resolved for a latent."""
        shape, schedule = tuple(setting.latent.shape), setting.space.schedule
        first, negative = resolve(
            self.first,
            self.negative,
            shape,
            schedule,
            setting.items,
            setting.inputs,
            setting.sigmas,
        )
        second, _ = resolve(
            self.second, self.first, shape, schedule, setting.items, setting.inputs, setting.sigmas
        )
        for name, prompt, regions in (
            ("cond1", self.first, first),
            ("cond2", self.second, second),
            ("negative", self.negative, negative),
        ):
            check_counts(name, prompt, regions, shape, setting.sigmas)

        def guide(call: ModelCall) -> Guidance:
            sides = Side(first), Side(second), Side(negative)
            results = yield from evaluate(call, sides)
            one, two, unwanted = results
            if self.nested:
                inner = two + self.cfg_1 * (one - two)
                denoised = unwanted + self.cfg_2 * (inner - unwanted)
            else:
                denoised = unwanted + self.cfg_2 * (two - unwanted) + self.cfg_1 * (one - two)
            return torch.stack([denoised, unwanted]) if call.both else denoised

        return guide
