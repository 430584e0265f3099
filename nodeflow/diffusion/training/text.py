"""Contrastive training of the text encoder (arXiv 2103.00020), frozen afterwards."""

import random

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nodeflow.diffusion.text.config import TextConfig
from nodeflow.diffusion.text.transformer import ClipTextTransformer
from nodeflow.diffusion.training.latents import LatentSet
from nodeflow.diffusion.training.loop import Run, train
from nodeflow.diffusion.training.scene import COLOURS, Library, caption
from nodeflow.diffusion.training.vocabulary import SHORT, Vocabulary

NAMES = tuple(COLOURS)
END_ROW = 2


def text_config(vocabulary: Vocabulary) -> TextConfig:
    """The embedded model's text encoder."""
    return TextConfig(vocabulary=len(vocabulary.ids), width=192, layers=2, heads=3, inner=768)


class Pair(nn.Module):
    """The text encoder and a small convolutional tower on latents, into one space."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.text = ClipTextTransformer(config)
        for embedding in (
            self.text.text_model.embeddings.token_embedding,
            self.text.text_model.embeddings.position_embedding,
        ):
            nn.init.normal_(embedding.weight, std=0.02)
        layers: list[nn.Module] = []
        for before, after in ((4, 64), (64, 128), (128, 192)):
            layers += [nn.Conv2d(before, after, 3, 2, 1), nn.GroupNorm(8, after), nn.SiLU()]
        self.tower = nn.Sequential(*layers, nn.Flatten(), nn.Linear(192 * 4, 192))
        self.project = nn.Linear(config.width, 192)
        self.temperature = nn.Parameter(torch.tensor(2.6))

    def forward(self, rows: Tensor, latents: Tensor) -> Tensor:
        """Similarities `[n, n]` of captions (down) and latents (across), tempered."""
        states = self.text.pooled(self.text(rows), rows, END_ROW)
        words = F.normalize(self.project(states), dim=-1)
        pictures = F.normalize(self.tower(latents), dim=-1)
        return self.temperature.exp().clamp(max=100.0) * words @ pictures.T


def rng_from(generator: torch.Generator) -> random.Random:
    """A `random.Random` seeded by one draw, so that its use is resumed exactly too."""
    return random.Random(int(torch.randint(2**62, (1,), generator=generator)))


def train_text(
    run: Run, library: Library, vocabulary: Vocabulary, latents: LatentSet, batch: int = 128
) -> ClipTextTransformer:
    """Train on all subjects that will ever be wanted: the encoder is frozen afterwards."""
    torch.manual_seed(run.seed)
    pair = Pair(text_config(vocabulary))

    def step_loss(
        model: nn.Module, fraction: float, generator: torch.Generator
    ) -> tuple[Tensor, dict[str, float]]:
        picks = torch.randint(len(latents.subject), (batch,), generator=generator)
        rng = rng_from(generator)
        subject, colour = latents.subject[picks], latents.colour[picks]
        texts = [
            caption(library.subjects[s], NAMES[c], rng)
            for s, c in zip(subject.tolist(), colour.tolist(), strict=True)
        ]
        rows = vocabulary.rows(texts, SHORT)
        unknown = (torch.rand(rows.shape, generator=generator) < 0.04) & (rows > END_ROW)
        rows = rows.masked_fill(unknown, 0)
        noisy = latents.draw(picks, generator)
        noisy = noisy + 0.3 * torch.randn(noisy.shape, generator=generator)
        logits = model(rows, noisy)
        same = (subject[:, None] == subject) & (colour[:, None] == colour)
        same.fill_diagonal_(False)
        logits = logits.masked_fill(same, -1e4)
        wanted = torch.arange(batch)
        loss = (F.cross_entropy(logits, wanted) + F.cross_entropy(logits.T, wanted)) / 2
        right = (logits.argmax(1) == wanted).float().mean()
        return loss, {"right": float(right)}

    trained = train(run, pair, step_loss)
    assert isinstance(trained, Pair)
    return trained.text.requires_grad_(False)
