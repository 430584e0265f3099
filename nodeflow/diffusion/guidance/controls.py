"""Control pictures made ready for one latent size, and shared between the two sides."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from nodeflow.diffusion.conditioning import Area, Conditioning, Control
from nodeflow.diffusion.guidance.rows import ControlRows
from nodeflow.diffusion.recipe import ControlRecipe
from nodeflow.diffusion.resize import resize
from nodeflow.diffusion.schedule.discrete import DiscreteSchedule

CELL = 8
"""Pixels along a side of a latent cell."""


@dataclass(frozen=True, eq=False)
class Steering:
    """A control for one latent size: `hint` `[1 or batch, 3, 8 h, 8 w]`, active up to `high`."""

    net: ControlRecipe
    hint: Tensor
    strength: float
    high: float
    low: float

    def rows(self, area: Area, whole: bool) -> ControlRows:
        """Its part for a rectangle of the latent."""
        if whole:
            return ControlRows(self.net, self.strength, self.hint)
        rows = slice(CELL * area.y, CELL * (area.y + area.height))
        columns = slice(CELL * area.x, CELL * (area.x + area.width))
        return ControlRows(self.net, self.strength, self.hint[:, :, rows, columns])


def steering(
    control: Control,
    size: tuple[int, int, int],
    schedule: DiscreteSchedule,
    items: Sequence[int] | None,
) -> Steering:
    """A control for a latent of (batch, height, width), cropped to its aspect.

    Several pictures go to the images in turn, by their numbers `items`.
    """
    batch, height, width = size
    hint = resize(control.hint.float(), CELL * width, CELL * height, "nearest-exact", crop=True)
    if len(hint) > 1:
        numbers = range(batch) if items is None else items
        hint = hint[[number % len(hint) for number in numbers]]
    high, low = (schedule.at_percent(p) for p in (control.start_percent, control.end_percent))
    return Steering(control.net, hint, control.strength, high, low)


def with_controls_of(positive: Conditioning, negative: Conditioning) -> Conditioning:
    """The negative side with the positive's controls that are for both, where it has none."""
    shared = [
        entry.controls
        for entry in positive
        if entry.area is None and any(control.both for control in entry.controls)
    ]
    free = [i for i, entry in enumerate(negative) if entry.area is None]
    if not shared or not free or any(negative[i].controls for i in free):
        return negative
    filled = list(negative)
    for number, controls in enumerate(shared):
        place = free[number % len(free)]
        entry = replace(negative[place], controls=controls)
        if filled[place].controls:
            filled.append(entry)
        else:
            filled[place] = entry
    return tuple(filled)
