"""What a model's patches do to one forward pass of its UNet."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from torch import Tensor

from nodeflow.diffusion.patches.downscale import Downscale, downscaling
from nodeflow.diffusion.patches.freeu import skip_filter_of
from nodeflow.diffusion.patches.hypertile import tiled_attention_of
from nodeflow.diffusion.patches.token_merging import merged_attention_of
from nodeflow.diffusion.recipe import Patch
from nodeflow.diffusion.schedule.discrete import DiscreteSchedule
from nodeflow.diffusion.unet.interventions import (
    NONE,
    ContextChange,
    Interventions,
    Place,
    SkipFilter,
)


@dataclass(frozen=True, eq=False)
class ForwardPatches:
    """The patches of a model that act within its network, in order.

    base_width: of the network's first level. contexts: what its hypernetworks do.
    """

    patches: tuple[Patch, ...]
    schedule: DiscreteSchedule
    base_width: int
    contexts: ContextChange | None = None

    def state(self, sigma: float) -> Hashable:
        """Latents at noise levels of one state can share a forward pass."""
        return self.downscales(sigma)

    def downscales(self, sigma: float) -> tuple[Downscale, ...]:
        """Those that act at a noise level."""
        return tuple(
            patch
            for patch in self.patches
            if isinstance(patch, Downscale)
            and self.schedule.at_percent(patch.end_percent)
            <= sigma
            <= self.schedule.at_percent(patch.start_percent)
        )

    def interventions(self, sigma: float, rows: int, columns: int) -> Interventions:
        """For latents of one state and of `rows` by `columns` cells; `NONE` where nothing acts."""
        merged = merged_attention_of(self.patches, rows, columns)
        attention = merged or tiled_attention_of(self.patches, rows, columns)
        freeu = skip_filter_of(self.patches, self.base_width)
        downscales = self.downscales(sigma)
        if attention is None and freeu is None and not downscales and self.contexts is None:
            return NONE
        resized = downscaling(downscales) if downscales else NONE
        filters = [f for f in (resized.skip_filter, freeu) if f is not None]
        return Interventions(
            self_attention=attention,
            contexts=self.contexts,
            skip_filter=in_turn(filters) if filters else None,
            skip_maker=resized.skip_maker,
        )


def in_turn(filters: Sequence[SkipFilter]) -> SkipFilter:
    """One filter after the other."""

    def filtered(place: Place, h: Tensor, skip: Tensor) -> tuple[Tensor, Tensor]:
        for each in filters:
            h, skip = each(place, h, skip)
        return h, skip

    return filtered
