"""A CLIP image encoder whose embeddings lie by the text encoder's states of what is shown.

CLIP's loss (arXiv 2103.00020) against the embedded model's frozen text encoder; a similarity is the
cosine of an image embedding and a text's last state at its end.
"""

import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nodeflow.diffusion.text.transformer import ClipTextTransformer
from nodeflow.diffusion.training.learn import Goal, Save, Weights, learn, put_back
from nodeflow.diffusion.training.scene import (
    Library,
    caption,
    colours_for,
    compose,
    compose_anywhere,
)
from nodeflow.diffusion.training.text import END_ROW, rng_from
from nodeflow.diffusion.training.vocabulary import SHORT, Vocabulary
from nodeflow.diffusion.vision.config import VisionConfig
from nodeflow.diffusion.vision.encode import preprocess
from nodeflow.diffusion.vision.transformer import ClipVisionTransformer

RATE = 1e-3
BATCH = 64
TEMPERATURE = 20.0
"""Factor of cosines."""


def vision_config(text_width: int) -> VisionConfig:
    """25 patches of 16 pixels, into the text encoder's space."""
    return VisionConfig(
        image=80, patch=16, width=128, layers=3, heads=2, inner=512, projection=text_width
    )


@dataclass(frozen=True)
class Gallery:
    """Scenes uint8 `[n, 128, 128, 3]`, and what each shows."""

    pictures: Tensor
    subject: Tensor
    colour: tuple[str, ...]


def gallery_of(library: Library, each: int, seed: int) -> Gallery:
    """Scenes of every subject on each of its grounds, as the model draws them and placed freely."""
    rng = random.Random(seed)
    wanted = [
        (index, colour)
        for index, subject in enumerate(library.subjects)
        for colour in colours_for(subject)
    ]
    made = [
        compose(library.pictures[index], colour, rng)
        if number % 2
        else compose_anywhere(library.pictures[index], colour, rng)[0]
        for number in range(each)
        for index, colour in wanted
    ]
    subjects, colours = zip(*wanted, strict=True)
    return Gallery(torch.from_numpy(np.stack(made)), torch.tensor(subjects * each), colours * each)


def fresh(config: VisionConfig) -> ClipVisionTransformer:
    """An encoder with small random embeddings."""
    torch.manual_seed(1)
    encoder = ClipVisionTransformer(config)
    embeddings = encoder.vision_model.embeddings
    for table in (embeddings.class_embedding, embeddings.position_embedding.weight):
        nn.init.normal_(table, std=0.02)
    return encoder


def train_vision(
    gallery: Gallery,
    library: Library,
    vocabulary: Vocabulary,
    text: ClipTextTransformer,
    steps: int,
    log: Path,
    save: Save,
    start: Path | None = None,
) -> None:
    """Train, and save the file's tensors, by transformers' names, now and then.

    The log's gain is the share of 128 captions that find their picture.
    """
    encoder = fresh(vision_config(text.config.width))
    learnt: Weights = dict(encoder.named_parameters())
    done = 0 if start is None else put_back(learnt, start)

    def similarities(picks: Tensor, rng: random.Random) -> Tensor:
        shown = [(int(gallery.subject[i]), gallery.colour[i]) for i in picks.tolist()]
        rows = vocabulary.rows([caption(library.subjects[s], c, rng) for s, c in shown], SHORT)
        with torch.no_grad():
            words = F.normalize(text.end_state(text(rows), rows, END_ROW), dim=-1)
        pixels = preprocess(gallery.pictures[picks].float() / 255, encoder.config.image)
        seen = F.normalize(encoder(pixels).embedding, dim=-1)
        same = torch.tensor([[a == b for b in shown] for a in shown]).fill_diagonal_(False)
        return (TEMPERATURE * words @ seen.T).masked_fill(same, -1e4)

    def loss(generator: torch.Generator) -> Tensor:
        picks = torch.randint(len(gallery.subject), (BATCH,), generator=generator)
        logits, wanted = similarities(picks, rng_from(generator)), torch.arange(BATCH)
        return (F.cross_entropy(logits, wanted) + F.cross_entropy(logits.T, wanted)) / 2

    def right() -> float:
        generator = torch.Generator().manual_seed(3)
        picks = torch.randperm(len(gallery.subject), generator=generator)[:128]
        found = similarities(picks, random.Random(3)).argmax(1)
        return float((found == torch.arange(128)).float().mean())

    learn(learnt, Goal(loss, right), steps, RATE, log, save, done)
