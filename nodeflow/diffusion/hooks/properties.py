"""Prompts confined and hooked in one go."""

from dataclasses import dataclass, replace

from torch import Tensor

from nodeflow.diffusion.conditioning import Conditioning
from nodeflow.diffusion.hooks.hook import Hooks, combined


@dataclass(frozen=True, eq=False)
class Properties:
    """What prompts are given; None leaves theirs.

    mask: `[batch, height, width]` or without the batch, of any size. strength: of the mask.
    bounds: evaluate its bounding box only. hooks: behind those they have. timesteps: the part
    of the sampling, from and until.
    """

    mask: Tensor | None = None
    strength: float = 1.0
    bounds: bool = False
    hooks: Hooks | None = None
    timesteps: tuple[float, float] | None = None

    def of(self, conditioning: Conditioning) -> Conditioning:
        """The prompts with these."""
        made = conditioning
        if self.hooks:
            made = tuple(replace(e, hooks=combined(e.hooks, self.hooks)) for e in made)
        if self.mask is not None:
            mask = self.mask if self.mask.dim() == 3 else self.mask[None]
            made = tuple(
                replace(e, mask=mask, mask_strength=self.strength, mask_bounds=self.bounds)
                for e in made
            )
        if self.timesteps is not None:
            start, end = self.timesteps
            made = tuple(replace(e, start_percent=start, end_percent=end) for e in made)
        return made

    def by_default(self, conditioning: Conditioning) -> Conditioning:
        """The prompts with these, for the rest that other prompts leave."""
        return tuple(replace(entry, default=True) for entry in self.of(conditioning))
