"""A LoRA that draws what the embedded model knows in the style of other pictures."""

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from nodeflow.diffusion.checkpoint.load import load_unet
from nodeflow.diffusion.recipe import Prediction
from nodeflow.diffusion.schedule.discrete import stable_diffusion
from nodeflow.diffusion.text.transformer import ClipTextTransformer
from nodeflow.diffusion.training.adapter import AdapterTraining, Examples, train_adapter
from nodeflow.diffusion.training.latents import encode_scenes
from nodeflow.diffusion.training.scene import Library, caption
from nodeflow.diffusion.training.text import NAMES, rng_from
from nodeflow.diffusion.training.vocabulary import LENGTH, SHORT, Vocabulary
from nodeflow.diffusion.vae.model import AutoencoderKL

TRAINING = AdapterTraining(steps=0, batch=8, learning_rate=1e-3, rank=8, seed=1)
SCALE_FACTOR = 0.18215
EMPTY = 0.1
"""Share of examples without a caption, so that guidance away from nothing has the style too."""


def train_style(
    checkpoint: Path,
    pictures: Library,
    known: Sequence[str],
    vocabulary: Vocabulary,
    vae: AutoencoderKL,
    text: ClipTextTransformer,
    steps: int,
    log: Path,
) -> dict[str, Tensor]:
    """The adapter's tensors. Writes a CSV of losses, each the mean of 25 steps."""
    labels = [subject.label for subject in pictures.subjects]
    shown = [labels.index(label) for label in known if label in labels]
    latents = encode_scenes(vae, pictures, shown, 1, SCALE_FACTOR, seed=3)
    unet = load_unet(checkpoint, torch.float32, "cpu")

    def examples(generator: torch.Generator) -> Examples:
        rng = rng_from(generator)
        picks = torch.randint(len(latents.subject), (TRAINING.batch,), generator=generator)
        texts = [
            "" if rng.random() < EMPTY else caption(pictures.subjects[int(s)], NAMES[int(c)], rng)
            for s, c in zip(latents.subject[picks], latents.colour[picks], strict=True)
        ]
        length = SHORT if rng.random() < 0.5 else LENGTH
        with torch.no_grad():
            context = text(vocabulary.rows(texts, length))
        return Examples(latents.draw(picks, generator), context)

    recent: list[float] = []
    with log.open("w", newline="") as file:
        rows = csv.writer(file)

        def noted(step: int, loss: float) -> None:
            recent.append(loss)
            if step % 25 == 0:
                rows.writerow([step, f"{sum(recent) / len(recent):.5f}"])
                file.flush()
                recent.clear()

        training = replace(TRAINING, steps=steps)
        tensors, _ = train_adapter(
            unet, Prediction.V, stable_diffusion(), examples, training, noted
        )
    return tensors
