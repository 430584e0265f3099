"""A UNet as a denoiser: what it predicts, and at which noise levels (arXiv 2206.00364)."""

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor

from nodeflow.diffusion.control.t2i import T2IAdapter
from nodeflow.diffusion.guidance.rows import Rows
from nodeflow.diffusion.hooks.course import Weighed
from nodeflow.diffusion.patches.forward import ForwardPatches
from nodeflow.diffusion.recipe import ControlRecipe, Prediction, WeightsFile
from nodeflow.diffusion.sampling.features import Features
from nodeflow.diffusion.sampling.forms import Form
from nodeflow.diffusion.sampling.grounding import GroundingNetwork, no_grounding
from nodeflow.diffusion.sampling.pictures import Pictures
from nodeflow.diffusion.sampling.probe import Probe
from nodeflow.diffusion.sampling.texts import Texts, per_row
from nodeflow.diffusion.schedule.discrete import DiscreteSchedule
from nodeflow.diffusion.unet.interventions import NONE, Interventions

EDM_DEVIATION = 0.5
"""Standard deviation of clean latents that EDM's models expect (arXiv 2206.00364, table 1)."""


class UNetCall(Protocol):
    """The network: latent, timesteps `[batch]`, context, label vector; then interventions."""

    def __call__(
        self,
        x: Tensor,
        timesteps: Tensor,
        context: Tensor,
        y: Tensor | None = None,
        /,
        *rest: object,
    ) -> Tensor:
        """Noise, velocity or sample of the shape of the latent."""


class ControlNetwork(Protocol):
    """A control net or T2I adapter: latent, timesteps, context, label vector, hint."""

    def __call__(
        self, x: Tensor, timesteps: Tensor, context: Tensor, y: Tensor | None, hint: Tensor, /
    ) -> Interventions:
        """What it adds to the network's features at strength 1."""


def no_controls(recipe: ControlRecipe) -> ControlNetwork:
    """For a model that is used without any."""
    raise ValueError("this model was made without control nets")


def no_forms(hooks: tuple[Weighed, ...]) -> Form:
    """For a model that is used without any."""
    raise ValueError("this model was made without hooks")


@dataclass(frozen=True, eq=False)
class DenoisingModel:
    """`model(pieces)` is the denoised latent of each piece, from one call of the network.

    dtype: what the network computes in; the arithmetic around it is float32, and done piece by
    piece, so that it gives the same bits in whatever company.
    patches: what the model's own do within the network.
    controls: the networks of control recipes. forms: its own network under hooks.
    pictures: the IP-Adapters. grounding: the GLIGEN networks.
    """

    unet: UNetCall
    prediction: Prediction
    schedule: DiscreteSchedule
    dtype: torch.dtype = torch.float32
    patches: ForwardPatches | None = None
    controls: Callable[[ControlRecipe], ControlNetwork] = no_controls
    forms: Callable[[tuple[Weighed, ...]], Form] = no_forms
    pictures: Pictures = field(default_factory=Pictures)
    grounding: Callable[[WeightsFile], GroundingNetwork] = no_grounding
    texts: Texts = field(default_factory=Texts)
    features: Features = field(default_factory=Features)
    _times: dict[float, float] = field(default_factory=dict)

    def __call__(self, pieces: Sequence[Rows]) -> list[Tensor]:
        """Pieces of one size, variant and hooks, at any noise levels of one state."""
        network, texts = self.unet, self.texts
        if pieces[0].hooks:
            form = self.forms(pieces[0].hooks)
            network, texts = form.network, form.texts
        x = torch.cat([self.given(p.x, p.sigma).to(self.dtype) for p in pieces])
        if pieces[0].extra is not None:
            extra = [per_row(p.extra, p.x) for p in pieces if p.extra is not None]
            x = torch.cat([x, torch.cat(extra).to(x)], dim=1)
        times = [self.timestep(p.sigma) for p in pieces for _ in range(len(p.x))]
        context, keys = texts.of([(p.embedding, p.x) for p in pieces])
        labels = self.labels(pieces)
        interventions = pieces[0].interventions
        if pieces[0].controls:
            given = x[:, : pieces[0].x.shape[1]], torch.tensor(times, device=x.device), context
            interventions = interventions.over(self.steered(pieces, *given, labels))
        if pieces[0].pictures:
            looks = self.pictures.attention(pieces, x, interventions.cross_attention)
            interventions = Interventions(cross_attention=looks).over(interventions)
        if pieces[0].grounding is not None:
            between = self.grounding(pieces[0].grounding.net).change(pieces, x)
            interventions = Interventions(between=between).over(interventions)
        if self.patches is not None:
            own = self.patches.interventions(pieces[0].sigma, x.shape[-2], x.shape[-1])
            interventions = interventions.over(own)
        probe = Probe() if pieces[0].probed else None
        if probe is not None:
            interventions = probe.attached(interventions)
        interventions = Interventions(text=keys).over(interventions)
        out = network(
            x,
            torch.tensor(times, device=x.device),
            context.to(x.device, self.dtype),
            labels,
            interventions,
        )
        sizes = [len(p.x) for p in pieces]
        parts = torch.split(out.float(), sizes)
        answers = [self.denoised(p.x, p.sigma, part) for p, part in zip(pieces, parts, strict=True)]
        if probe is None:
            return answers
        maps = torch.split(probe.map(x.shape[-2], x.shape[-1]), sizes)
        return [torch.cat(pair, dim=1) for pair in zip(answers, maps, strict=True)]

    def steered(
        self, pieces: Sequence[Rows], x: Tensor, times: Tensor, context: Tensor, y: Tensor | None
    ) -> Interventions:
        """What the control nets of pieces of one kind add to the network's features."""
        found = NONE
        for number, control in enumerate(pieces[0].controls):
            net = self.controls(control.net)
            hints = [p.controls[number].hint for p in pieces]

            def compute(
                net: ControlNetwork = net, hints: Sequence[Tensor] = hints
            ) -> Interventions:
                each = [per_row(hint, p.x) for hint, p in zip(hints, pieces, strict=True)]
                return net(x, times, context.to(x), y, torch.cat(each).to(x))

            if isinstance(net, T2IAdapter):
                given = [(hint, len(p.x)) for hint, p in zip(hints, pieces, strict=True)]
                residuals = self.features.of(control.net, given, compute)
            else:
                residuals = compute()
            found = added(found, residuals, control.strength)
        return found

    def state(self, sigma: float) -> Hashable:
        """Noise levels of equal state can share a call."""
        return None if self.patches is None else self.patches.state(sigma)

    def labels(self, pieces: Sequence[Rows]) -> Tensor | None:
        """The label vectors of all rows, or None where the model takes none."""
        given = [per_row(p.labels, p.x) for p in pieces if p.labels is not None]
        return torch.cat(given).to(pieces[0].x.device) if given else None

    def timestep(self, sigma: float) -> float:
        """What the network is told of a noise level."""
        if sigma not in self._times:
            self._times[sigma] = float(self.schedule.timestep(torch.tensor(sigma)))
        return self._times[sigma]

    def given(self, x: Tensor, sigma: float) -> Tensor:
        """A latent as the network gets it: of the same variance at every noise level."""
        match self.prediction:
            case Prediction.IMG_TO_IMG:
                return x
            case Prediction.EDM:
                return x / math.sqrt(sigma**2 + EDM_DEVIATION**2)
            case Prediction.FLOW:
                return x / (sigma + 1)
            case _:
                return x / math.sqrt(sigma**2 + 1)

    def denoised(self, x: Tensor, sigma: float, out: Tensor) -> Tensor:
        """The clean latent that an output stands for."""
        match self.prediction:
            case Prediction.EPS:
                return x - sigma * out
            case Prediction.V:
                variance = sigma**2 + 1
                return x / variance - out * (sigma / math.sqrt(variance))
            case Prediction.X0 | Prediction.IMG_TO_IMG:
                return out
            case Prediction.EDM:
                variance = sigma**2 + EDM_DEVIATION**2
                keep = EDM_DEVIATION**2 / variance
                return x * keep + out * (sigma * EDM_DEVIATION / math.sqrt(variance))
            case Prediction.FLOW:
                return (x - sigma * out) / (sigma + 1)
            case Prediction.LCM:
                t = 10 * self.timestep(sigma)
                skip, keep = 0.25 / (t**2 + 0.25), t / math.sqrt(t**2 + 0.25)
                return keep * (x - sigma * out) + skip * x


def added(before: Interventions, residuals: Interventions, strength: float) -> Interventions:
    """Residuals times a strength, on top of those of other controls."""
    down = tuple(r * strength for r in residuals.down_residuals)
    middle = residuals.mid_residual
    middle = None if middle is None else middle * strength
    if before.down_residuals:
        both = zip(before.down_residuals, down, strict=True)
        down = tuple(a + b for a, b in both) if down else before.down_residuals
    if before.mid_residual is not None:
        middle = before.mid_residual if middle is None else before.mid_residual + middle
    features = tuple((spot, feature * strength) for spot, feature in residuals.features)
    return Interventions(
        down_residuals=down, mid_residual=middle, features=before.features + features
    )
