"""Training of adapters on a model's own objective (DDPM, arXiv 2006.11239).

What is trained are the very tensors that an adapter file holds, put to work by the formulas that
loading uses, so that a trained adapter and a loaded one cannot differ.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrize
from torch.utils.checkpoint import checkpoint

from nodeflow.diffusion.adapters.change import Change
from nodeflow.diffusion.adapters.entries import change_of
from nodeflow.diffusion.adapters.grouping import group
from nodeflow.diffusion.recipe import Prediction
from nodeflow.diffusion.schedule.discrete import DiscreteSchedule
from nodeflow.diffusion.training.adapter_start import Algorithm, started
from nodeflow.diffusion.unet.attention import Transformer2D
from nodeflow.diffusion.unet.blocks import ResnetBlock
from nodeflow.diffusion.unet.model import UNet2DConditionModel

PREFIX = "lora_unet_"
OptimizerName = Literal["AdamW", "Adam", "SGD", "RMSprop"]
LossName = Literal["MSE", "L1", "Huber", "SmoothL1"]
LOSSES: Mapping[LossName, Callable[[Tensor, Tensor], Tensor]] = {
    "MSE": F.mse_loss,
    "L1": F.l1_loss,
    "Huber": F.huber_loss,
    "SmoothL1": F.smooth_l1_loss,
}


@dataclass(frozen=True, slots=True)
class AdapterTraining:
    """How to train. `steps` are those of the optimizer, each of `accumulate` batches."""

    steps: int
    batch: int = 1
    accumulate: int = 1
    learning_rate: float = 5e-4
    rank: int = 8
    algorithm: Algorithm = Algorithm.LORA
    optimizer: OptimizerName = "AdamW"
    loss: LossName = "MSE"
    seed: int = 0
    computed_in: torch.dtype = torch.float32
    recompute: bool = False


@dataclass(frozen=True, eq=False)
class Examples:
    """Scaled latents `[n, C, h, w]`; text, labels and further channels with 1 or n rows."""

    latents: Tensor
    text: Tensor
    labels: Tensor | None = None
    extra: Tensor | None = None

    def rows(self, picks: Tensor) -> "Examples":
        """The examples of some numbers."""

        def of(value: Tensor) -> Tensor:
            return value[picks % len(value)]

        return Examples(
            of(self.latents),
            of(self.text),
            None if self.labels is None else of(self.labels),
            None if self.extra is None else of(self.extra),
        )


class Changed(nn.Module):
    """A weight as an adapter being trained changes it."""

    def __init__(self, change: Callable[[], Change]) -> None:
        super().__init__()
        self.change = change

    def forward(self, weight: Tensor) -> Tensor:
        """The weight at strength 1."""
        return weight + self.change().delta(weight)


def initial_adapter(
    unet: nn.Module, algorithm: Algorithm, rank: int, seed: int
) -> dict[str, Tensor]:
    """An adapter for every matrix and kernel of a network that changes nothing yet."""
    generator = torch.Generator().manual_seed(seed)
    return {
        f"{PREFIX}{name.rpartition('.')[0].replace('.', '_')}.{end}": tensor
        for name, parameter in unet.named_parameters()
        if parameter.dim() >= 2
        for end, tensor in started(algorithm, tuple(parameter.shape), rank, generator).items()
    }


def attach(unet: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Let every weight of `unet` that the adapter names be computed from it."""
    stems = group(tensors).stems
    for name, module in list(unet.named_modules()):
        stem = PREFIX + name.replace(".", "_")
        if stem in stems:
            change = partial(weight_change, stem, stems[stem], tensors)
            parametrize.register_parametrization(module, "weight", Changed(change), unsafe=True)


def weight_change(stem: str, roles: Mapping[str, str], tensors: Mapping[str, Tensor]) -> Change:
    """What the entry's tensors, as they are now, do to the weight."""
    return change_of(stem, roles, tensors.__getitem__)["weight"]


def recompute_blocks(unet: nn.Module) -> None:
    """Keep no activations within blocks; they are computed again on the way back."""
    for module in unet.modules():
        if isinstance(module, ResnetBlock | Transformer2D):
            again = partial(checkpoint, module.forward, use_reentrant=False)
            setattr(module, "forward", again)  # noqa: B010


def optimizer_of(
    name: OptimizerName, tensors: Sequence[Tensor], rate: float
) -> torch.optim.Optimizer:
    """An optimizer with torch's own settings."""
    match name:
        case "AdamW":
            return torch.optim.AdamW(tensors, lr=rate)
        case "Adam":
            return torch.optim.Adam(tensors, lr=rate)
        case "SGD":
            return torch.optim.SGD(tensors, lr=rate)
        case "RMSprop":
            return torch.optim.RMSprop(tensors, lr=rate)


def train_adapter(
    unet: UNet2DConditionModel,
    prediction: Prediction,
    schedule: DiscreteSchedule,
    examples: Callable[[torch.Generator], Examples],
    training: AdapterTraining,
    on_step: Callable[[int, float], None] = lambda step, loss: None,
    start: Mapping[str, Tensor] | None = None,
) -> tuple[dict[str, Tensor], list[float]]:
    """The adapter's tensors (float32, on the CPU) and the loss of each step.

    unet: a module of its own (`residency.shared_copy`): its weights become parametrized. examples:
    draws a batch. start: an adapter to go on with, whatever its kind.
    """
    device = next(unet.parameters()).device
    made = start or initial_adapter(unet, training.algorithm, training.rank, training.seed)
    tensors = {name: tensor.detach().float().to(device).clone() for name, tensor in made.items()}
    learnt = [t.requires_grad_() for name, t in tensors.items() if not name.endswith(".alpha")]
    attach(unet, tensors)
    if training.recompute:
        recompute_blocks(unet)
    optimizer = optimizer_of(training.optimizer, learnt, training.learning_rate)
    generator = torch.Generator().manual_seed(training.seed)
    cast = torch.autocast(
        device.type, training.computed_in, enabled=training.computed_in is not torch.float32
    )
    losses: list[float] = []
    with torch.enable_grad():
        for step in range(training.steps):
            total = 0.0
            for _ in range(training.accumulate):
                batch = examples(generator)
                with cast:
                    out, target = answer(unet, prediction, schedule, batch, generator)
                loss = LOSSES[training.loss](out.float(), target) / training.accumulate
                loss.backward()  # type: ignore[no-untyped-call]
                total += float(loss.detach())
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            losses.append(total)
            on_step(step + 1, total)
    return {name: tensor.detach().cpu() for name, tensor in tensors.items()}, losses


def answer(
    unet: UNet2DConditionModel,
    prediction: Prediction,
    schedule: DiscreteSchedule,
    batch: Examples,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """What the network says of noised examples at random levels, and what it should say."""
    clean = batch.latents
    noise = torch.randn(clean.shape, generator=generator).to(clean)
    at = torch.randint(len(schedule.sigmas), (len(clean),), generator=generator)
    sigma = schedule.sigmas[at].to(clean)[:, None, None, None]
    root = (sigma**2 + 1).sqrt()
    x = (clean + sigma * noise) / root
    if batch.extra is not None:
        x = torch.cat([x, batch.extra.to(x)], dim=1)
    times = schedule.timestep(sigma.flatten().cpu()).to(clean)
    out = unet(x, times, batch.text, batch.labels)
    match prediction:
        case Prediction.V:
            return out, (noise - sigma * clean) / root
        case Prediction.X0:
            return out, clean
        case Prediction.EPS | Prediction.LCM:
            return out, noise
        case _:
            raise ValueError(
                f"adapters are trained on models that predict noise, velocity or the clean latent; "
                f"this one is set to '{prediction}'"
            )


def drawn_from(whole: Examples, batch: int) -> Callable[[torch.Generator], Examples]:
    """Batches of examples in random order, each one once before any comes again."""
    order: list[int] = []

    def draw(generator: torch.Generator) -> Examples:
        picks = []
        for _ in range(batch):
            if not order:
                order.extend(torch.randperm(len(whole.latents), generator=generator).tolist())
            picks.append(order.pop())
        return whole.rows(torch.tensor(picks))

    return draw
