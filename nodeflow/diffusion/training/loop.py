"""One training loop for every network: schedule, EMA, checkpoints, exact resume."""

import csv
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Schedule:
    """Length of a training and its learning rate.

    The length is `steps`, or `minutes` of computing where steps is None. The rate warms up
    over 1 %, is held until `hold` of the length and then falls to 0 along a cosine.
    """

    learning_rate: float
    steps: int | None = None
    minutes: float | None = None
    hold: float = 0.0

    def fraction(self, step: int, seconds: float) -> float:
        """How much of the training is over, 0..1."""
        if self.steps is not None:
            return min(step / self.steps, 1.0)
        if self.minutes is None:
            raise ValueError("a schedule needs steps or minutes")
        return min(seconds / (60 * self.minutes), 1.0)

    def rate(self, fraction: float) -> float:
        """The learning rate at a fraction of the training."""
        warm = min((fraction + 1e-4) / 0.01, 1.0)
        falling = max(fraction - self.hold, 0.0) / (1.0 - self.hold)
        return self.learning_rate * warm * 0.5 * (1 + math.cos(math.pi * falling))


@dataclass(frozen=True, slots=True)
class Run:
    """Where a training lives (`folder`) and how often, in seconds, it is saved."""

    folder: Path
    name: str
    schedule: Schedule
    seed: int = 0
    save_every: float = 180.0
    ema_decay: float = 0.999
    clip: float = 1.0


StepLoss = Callable[[nn.Module, float, torch.Generator], tuple[Tensor, Mapping[str, float]]]


def save(path: Path, state: Mapping[str, Any]) -> None:
    """Write a state beside its final name, then rename: never half a file."""
    partial = path.with_suffix(".partial")
    torch.save(dict(state), partial)
    partial.replace(path)


def train(
    run: Run, model: nn.Module, step_loss: StepLoss, stop_after: int | None = None
) -> nn.Module:
    """Train `model`, going on from `folder/name.pt` where it exists; returns the EMA weights.

    `step_loss(model, fraction, generator)` draws its own batch from the generator, the only
    source of randomness, which is saved with the optimiser: n steps, a stop and n steps more
    give the same bits as 2n steps (with a schedule by steps). Writes a CSV of losses.
    """
    run.folder.mkdir(parents=True, exist_ok=True)
    path = run.folder / f"{run.name}.pt"
    weights = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=0.0, betas=(0.9, 0.99), weight_decay=0.01)
    generator = torch.Generator().manual_seed(run.seed)
    ema = {key: value.clone() for key, value in model.state_dict().items()}
    step, seconds = 0, 0.0
    if path.exists():
        state = torch.load(path, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        generator.set_state(state["generator"])
        ema, step, seconds = state["ema"], state["step"], state["seconds"]

    def snapshot() -> dict[str, Any]:
        return {
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "generator": generator.get_state(),
            "ema": ema,
            "step": step,
            "seconds": seconds,
        }

    last_step = math.inf if stop_after is None else step + stop_after
    saved_at = seconds
    model.train()
    with (run.folder / f"{run.name}.csv").open("a", newline="") as log:
        rows = csv.writer(log)
        while step < last_step and (fraction := run.schedule.fraction(step, seconds)) < 1.0:
            began = time.monotonic()
            rate = run.schedule.rate(fraction)
            for group in optimizer.param_groups:
                group["lr"] = rate
            loss, figures = step_loss(model, fraction, generator)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(weights, run.clip)
            optimizer.step()
            step += 1
            decay = min(run.ema_decay, (1 + step) / (10 + step))
            with torch.no_grad():
                torch._foreach_lerp_(
                    list(ema.values()), list(model.state_dict().values()), 1 - decay
                )
            seconds += time.monotonic() - began
            if step % 50 == 0:
                values = [f"{value:.5f}" for value in (float(loss.detach()), *figures.values())]
                rows.writerow([step, f"{seconds:.1f}", f"{rate:.2e}", *values])
                log.flush()
            if seconds - saved_at > run.save_every:
                saved_at = seconds
                save(path, snapshot())
    save(path, snapshot())
    model.load_state_dict(ema)
    return model.eval()
