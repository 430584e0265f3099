"""Guidance for a latent whose size a sampler changes on the way."""

from dataclasses import replace

import torch.nn.functional as F

from nodeflow.diffusion.guidance.rows import Guidance, Guider
from nodeflow.diffusion.samplers.step import ModelCall
from nodeflow.diffusion.sampling.setting import GuidanceValue, Setting


class Sized:
    """Areas and masks of prompts are resolved anew for each size that is asked for."""

    def __init__(self, guidance: GuidanceValue, setting: Setting) -> None:
        self.guidance, self.setting = guidance, setting
        self._guider: Guider = guidance.guider(setting)

    def __call__(self, call: ModelCall) -> Guidance:
        """What the guidance says to a call of any size."""
        latent = self.setting.latent
        size = (call.x.shape[-2], call.x.shape[-1])
        if size != tuple(latent.shape[-2:]):
            resized = F.interpolate(latent, size, mode="nearest-exact")
            self.setting = replace(self.setting, latent=resized)
            self._guider = self.guidance.guider(self.setting)
        return (yield from self._guider(call))
