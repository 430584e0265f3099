"""What guidance asks of a model, and how: a generator of wishes that holds no model.

Because asking and answering are apart, one network call can answer several samplings, and an
answer can come from a recording.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from torch import Tensor

from nodeflow.diffusion.hooks.course import Weighed
from nodeflow.diffusion.recipe import ControlRecipe, WeightsFile
from nodeflow.diffusion.samplers.step import ModelCall
from nodeflow.diffusion.unet.interventions import NONE, Interventions


@dataclass(frozen=True, eq=False)
class ControlRows:
    """A control net for rows: `hint` `[1 or rows, 3, 8 h, 8 w]` in 0..1."""

    net: ControlRecipe
    strength: float
    hint: Tensor


@dataclass(frozen=True, eq=False)
class PictureRows:
    """Pictures beside the text: `tokens` `[1, n, width]` of an IP-Adapter's file.

    mask: where they count, `[1, 1, h, w]` of the rows' size, or None for everywhere.
    """

    adapter: WeightsFile
    weight: float
    tokens: Tensor
    mask: Tensor | None


Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right and bottom, as shares of the rows' latents."""


@dataclass(frozen=True, eq=False)
class GroundingRows:
    """Boxes for a GLIGEN network's file, and the text of each, `[1, width]`."""

    net: WeightsFile
    boxes: tuple[Box, ...] = ()
    texts: tuple[Tensor, ...] = ()


@dataclass(frozen=True, eq=False)
class Rows:
    """Latents `x` `[rows, C, h, w]` (scaled, float32) to be denoised at one noise level.

    embedding: `[1 or rows, tokens, width]`; labels: `[1 or rows, width]` for models that have them.
    extra: `[1 or rows, n, h, w]`, the channels behind the noisy latent, for models that take them.
    variant: names `interventions` with all their settings; rows of one variant share a network
    call. Interventions without a variant are neither shared nor recorded.
    probed: the answer has one more channel, the attention that each cell gets from all others in
    the middle of the network (mean over the heads, summed; 1 is the average).
    hooks: change the network's weights for these rows.
    """

    x: Tensor
    sigma: float
    embedding: Tensor
    labels: Tensor | None = None
    extra: Tensor | None = None
    interventions: Interventions = NONE
    variant: str = ""
    probed: bool = False
    controls: tuple[ControlRows, ...] = ()
    hooks: tuple[Weighed, ...] = ()
    pictures: tuple[PictureRows, ...] = ()
    grounding: GroundingRows | None = None

    @property
    def answer_shape(self) -> tuple[int, ...]:
        """The shape of the answer."""
        rows, channels, height, width = self.x.shape
        return rows, channels + self.probed, height, width


Wish: TypeAlias = tuple[Rows, ...]
"""All that is wanted at once; the answer is the denoised of each, in order."""

Guidance: TypeAlias = Generator[Wish, Sequence[Tensor], Tensor]
"""Yields wishes, is sent denoised latents, returns the guided one."""


class Guider(Protocol):
    """From a sampler's call to its answer."""

    def __call__(self, call: ModelCall, /) -> Guidance:
        """The guided denoised of `call.x`; with `call.both` stacked on the unguided one."""
