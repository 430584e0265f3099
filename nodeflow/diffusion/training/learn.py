"""The loop that trains what goes beside a frozen model: an adapter file's own tensors."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from nodeflow.diffusion.checkpoint.header import CheckpointError, read_header
from nodeflow.diffusion.checkpoint.reader import WeightsReader

Weights = dict[str, Tensor]
Save = Callable[[Weights, int], None]
"""The file's tensors, and the steps that made them."""
EVERY = 25
"""Steps of a row of the log."""
SAVE_EVERY = 100
STEPS_KEY = "nodeflow.steps"


@dataclass(frozen=True)
class Goal:
    """loss: of a batch that it draws itself. gain: how good it is by now, without gradients."""

    loss: Callable[[torch.Generator], Tensor]
    gain: Callable[[], float]


def learn(
    learnt: Weights, goal: Goal, steps: int, rate: float, log: Path, save: Save, done: int = 0
) -> None:
    """Train, and save the tensors in half precision now and then.

    done: steps that made what `learnt` is already. The rate warms up over 50 steps and falls to 0
    in the last third. Writes a CSV: steps, the mean loss of the last 25, and the gain.
    """
    optimizer = torch.optim.AdamW(learnt.values(), lr=rate)
    generator = torch.Generator().manual_seed(2 + done)
    recent: list[float] = []
    with log.open("a" if done else "w", newline="") as file:
        rows = csv.writer(file)
        for step in range(1, steps + 1):
            for group in optimizer.param_groups:
                group["lr"] = rate * min(1.0, step / 50, 3 * (steps - step + 1) / steps)
            loss = goal.loss(generator)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            recent.append(float(loss.detach()))
            if step % EVERY == 0:
                with torch.no_grad():
                    gain = goal.gain()
                rows.writerow([done + step, f"{sum(recent) / len(recent):.5f}", f"{gain:.5f}"])
                file.flush()
                recent.clear()
            if step % SAVE_EVERY == 0 or step == steps:
                half = {n: t.detach().half().contiguous() for n, t in learnt.items()}
                save(half, done + step)


def put_back(learnt: Weights, file: Path) -> int:
    """Give what is trained the values of a file; returns the steps that made it.

    Raises CheckpointError where a weight is missing.
    """
    with WeightsReader(file) as reader, torch.no_grad():
        missing = [name for name in learnt if name not in reader.tensors]
        if missing:
            raise CheckpointError(f"it lacks '{missing[0]}'")
        for name, tensor in learnt.items():
            tensor.copy_(reader.read(name))
    return int(read_header(file).metadata[STEPS_KEY])
