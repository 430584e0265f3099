"""Where and when each conditioning entry counts, resolved for one latent size."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor

from nodeflow.diffusion.conditioning import (
    Area,
    AreaFraction,
    Conditioning,
    ConditioningEntry,
    Grounding,
)
from nodeflow.diffusion.guidance.controls import Steering, steering, with_controls_of
from nodeflow.diffusion.guidance.grounding import grounded_alike
from nodeflow.diffusion.guidance.model_inputs import ModelInputs
from nodeflow.diffusion.guidance.pictures import Shown
from nodeflow.diffusion.hooks.course import Course, courses
from nodeflow.diffusion.schedule.discrete import DiscreteSchedule

RAMP = 8
SMALLEST_BOUNDS = 8


@dataclass(frozen=True, eq=False)
class Region:
    """An entry on a rectangle of the latent, active while `low <= sigma <= high`.

    weight: float32 `[1 or batch, 1, area height, area width]`.
    labels, extra: what the model takes besides; `extra` is of the whole latent's size.
    controls: each with a picture of the whole latent's size in pixels.
    hooks: what changes the network's weights for it.
    pictures: looked at beside the text. grounding: in boxes of the whole latent.
    default: its weight is what the others leave.
    """

    embedding: Tensor
    labels: Tensor | None
    extra: Tensor | None
    area: Area
    bounded: bool
    weight: Tensor
    high: float
    low: float
    steps: tuple[tuple[int, int], ...] | None = None
    controls: tuple[Steering, ...] = ()
    hooks: tuple[Course, ...] = ()
    pictures: tuple[Shown, ...] = ()
    grounding: Grounding | None = None
    default: bool = False

    def active(self, sigma: float, step: int = 0) -> bool:
        """Whether the entry counts at this noise level, in this step."""
        in_step = self.steps is None or any(start <= step < end for start, end in self.steps)
        return in_step and self.low <= sigma <= self.high

    def covers(self, x: Tensor) -> bool:
        """Whether it counts everywhere in a latent, so that no weighing is needed alone."""
        whole = (self.area.height, self.area.width) == (x.shape[2], x.shape[3])
        return whole and not self.bounded and self._positive

    @cached_property
    def _positive(self) -> bool:
        return bool(self.weight.min() > 0)


def in_cells(area: Area | AreaFraction, height: int, width: int) -> Area:
    """A rectangle in cells of a latent; it may reach beyond it."""
    if isinstance(area, Area):
        return area
    return Area(
        max(1, round(area.height * height)),
        max(1, round(area.width * width)),
        min(round(area.y * height), height - (area.y < 1)),
        min(round(area.x * width), width - (area.x < 1)),
    )


def outside(area: Area | AreaFraction | None, height: int, width: int) -> bool:
    """Whether no cell of a latent lies in a rectangle."""
    if area is None:
        return False
    cells = in_cells(area, height, width)
    return cells.y >= height or cells.x >= width


def resolve_area(area: Area | AreaFraction | None, height: int, width: int) -> Area:
    """A rectangle inside a latent of `height` by `width` cells."""
    if area is None:
        return Area(height, width, 0, 0)
    area = in_cells(area, height, width)
    y, x = min(area.y, height - 1), min(area.x, width - 1)
    return Area(min(area.height, height - y), min(area.width, width - x), y, x)


def mask_bounds(mask: Tensor) -> Area | None:
    """The bounding box of a mask `[batch, h, w]`, at least 8 by 8; None where it is empty."""
    rows = mask.amax(dim=(0, 2)).nonzero().flatten()
    columns = mask.amax(dim=(0, 1)).nonzero().flatten()
    if not len(rows) or not len(columns):
        return None
    limits = []
    for found, side in ((rows, mask.shape[1]), (columns, mask.shape[2])):
        first, last = int(found[0]), int(found[-1]) + 1
        size = min(max(last - first, SMALLEST_BOUNDS), side)
        limits.append((size, min(first, side - size)))
    (height, y), (width, x) = limits
    return Area(height, width, y, x)


def edge_ramp(area: Area, height: int, width: int) -> Tensor:
    """Weights that rise over the outermost cells on each side that is not the image's edge."""
    weight = torch.ones(1, 1, area.height, area.width)
    rows, columns = min(RAMP, area.height // 4), min(RAMP, area.width // 4)
    for t in range(rows):
        level = (t + 1) / rows
        if area.y > 0:
            weight[:, :, t, :] *= level
        if area.y + area.height < height:
            weight[:, :, area.height - 1 - t, :] *= level
    for t in range(columns):
        level = (t + 1) / columns
        if area.x > 0:
            weight[:, :, :, t] *= level
        if area.x + area.width < width:
            weight[:, :, :, area.width - 1 - t] *= level
    return weight


def rows(value: Tensor, batch: int, items: Sequence[int] | None) -> Tensor:
    """One row for all images, or the row of each: that of its number in the batch it is from."""
    if len(value) == 1:
        return value
    numbers = range(batch) if items is None else items
    return value[[number % len(value) for number in numbers]]


def region(
    entry: ConditioningEntry,
    shape: Sequence[int],
    schedule: DiscreteSchedule,
    items: Sequence[int] | None = None,
    inputs: ModelInputs | None = None,
    negative: bool = False,
    sigmas: Sequence[float] = (),
) -> Region:
    """An entry resolved for a latent of shape `[batch, channels, height, width]`.

    items: the images' numbers in the batch from which they were picked.
    sigmas: those of the sampling, for the keyframes of hooks.
    """
    batch, _, height, width = shape
    if entry.default:
        entry = replace(entry, area=None, mask=None, strength=1.0)
    mask = None
    bounds = entry.area
    if entry.mask is not None:
        mask = entry.mask if entry.mask.dim() == 3 else entry.mask[None]
        mask = mask.float()[:, None]
        if mask.shape[-2:] != (height, width):
            mask = F.interpolate(mask, (height, width), mode="bilinear", align_corners=False)
        if entry.mask_bounds:
            bounds = mask_bounds(mask[:, 0]) or entry.area
    area = resolve_area(bounds, height, width)
    if mask is None:
        weight = edge_ramp(area, height, width) if bounds is not None else torch.ones(1, 1, 1, 1)
        weight = weight.expand(-1, -1, area.height, area.width) * entry.strength
    else:
        cropped = mask[:, :, area.y : area.y + area.height, area.x : area.x + area.width]
        weight = cropped * entry.mask_strength * entry.strength
        if 1 < len(weight) != batch:
            weight = weight.repeat(math.ceil(batch / len(weight)), 1, 1, 1)[:batch]
    if outside(bounds, height, width):
        weight = torch.zeros_like(weight)
    high = schedule.at_percent(max(entry.start_percent, entry.within[0]))
    low = schedule.at_percent(min(entry.end_percent, entry.within[1]))
    controls = tuple(steering(c, (batch, height, width), schedule, items) for c in entry.controls)
    labels = None if inputs is None else inputs.labels(entry, negative)
    return Region(
        rows(entry.embedding, batch, items),
        None if labels is None else rows(labels, batch, items),
        None if inputs is None else inputs.extra(entry),
        area,
        bounds is not None,
        weight.float(),
        high,
        low,
        entry.steps,
        controls,
        courses(entry.hooks, schedule, sigmas),
        () if inputs is None else inputs.pictures(negative, schedule),
        entry.grounding,
        entry.default,
    )


def counting(
    regions: Sequence[Region], shape: Sequence[int], sigma: float, step: int
) -> list[Region]:
    """The regions that count at a noise level in a step, for a latent of `shape`.

    Default ones come last, with the weight that the others leave of 1; not at all where they leave
    nothing.
    """
    active = [region for region in regions if region.active(sigma, step)]
    defaults = [region for region in active if region.default]
    if not defaults:
        return active
    others = [region for region in active if not region.default]
    left = torch.ones(shape[0], 1, *shape[2:])
    for region in others:
        a = region.area
        left[:, :, a.y : a.y + a.height, a.x : a.x + a.width] -= region.weight.to(left)
    left = left.clamp(min=0)
    return [*others, *(replace(r, weight=left) for r in defaults if left.any())]


def contains(outer: Area, inner: Area) -> bool:
    """Whether one rectangle lies within another."""
    return (
        outer.y <= inner.y
        and outer.x <= inner.x
        and outer.y + outer.height >= inner.y + inner.height
        and outer.x + outer.width >= inner.x + inner.width
    )


def match_areas(regions: list[Region], others: list[Region]) -> list[Region]:
    """`regions`, with a copy for every area that only `others` have.

    The copy is of the smallest region that contains the area, and counts where and when that of
    `others` does, so that guidance compares like with like on every rectangle.
    """
    result = list(regions)
    own = [r.area for r in regions if r.bounded]
    for other in others:
        if not other.bounded or other.area in own:
            continue
        around = [r for r in regions if contains(r.area, other.area)]
        if around:
            best = min(around, key=lambda r: r.area.height * r.area.width)
            result.append(
                replace(
                    best,
                    area=other.area,
                    bounded=True,
                    default=False,
                    weight=other.weight,
                    high=other.high,
                    low=other.low,
                    steps=other.steps,
                )
            )
            own.append(other.area)
    return result


def resolve(
    positive: Conditioning,
    negative: Conditioning,
    shape: Sequence[int],
    schedule: DiscreteSchedule,
    items: Sequence[int] | None = None,
    inputs: ModelInputs | None = None,
    sigmas: Sequence[float] = (),
) -> tuple[list[Region], list[Region]]:
    """Both sides resolved for a latent shape, each with the areas of the other.

    Entries without any weight are left out: a mask may be empty, an area lie outside the latent.
    Without `inputs` the model takes nothing but noise, time and text.
    """
    negative = with_controls_of(positive, negative)
    positive, negative = grounded_alike(positive, negative)
    first = [region(entry, shape, schedule, items, inputs, False, sigmas) for entry in positive]
    second = [region(entry, shape, schedule, items, inputs, True, sigmas) for entry in negative]
    first, second = ([r for r in side if r.weight.any()] for side in (first, second))
    return match_areas(first, second), match_areas(second, first)
