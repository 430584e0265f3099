"""Pictures and captions: one subject on one coloured background, 128 px."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from nodeflow.diffusion.training.emoji import Subject

SIZE = 128
COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (205, 45, 40),
    "orange": (240, 135, 35),
    "yellow": (245, 210, 50),
    "green": (60, 150, 65),
    "blue": (50, 100, 205),
    "purple": (115, 55, 170),
    "pink": (245, 150, 180),
    "white": (246, 246, 246),
    "black": (16, 16, 18),
    "gray": (135, 135, 138),
}
HELD_OUT: tuple[tuple[str, str], ...] = (
    ("bat", "blue"),
    ("red apple", "white"),
    ("cat", "green"),
    ("dog", "yellow"),
    ("automobile", "pink"),
    ("rocket", "black"),
    ("pizza", "blue"),
    ("owl", "purple"),
    ("sunflower", "gray"),
    ("castle", "orange"),
    ("penguin", "red"),
    ("banana", "purple"),
    ("guitar", "yellow"),
    ("robot", "green"),
    ("fish", "white"),
    ("cactus", "pink"),
    ("grinning face", "blue"),
    ("hamburger", "red"),
    ("sailboat", "orange"),
    ("skull", "gray"),
    ("cupcake", "black"),
    ("key", "green"),
    ("elephant", "yellow"),
    ("house", "purple"),
)
"""Pairs of subject label and colour that are never composed for training."""

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Library:
    """All subjects with their pictures, uint8 RGBA `[n, side, side, 4]`."""

    subjects: tuple[Subject, ...]
    pictures: Pixels


def read_library(path: Path) -> Library:
    """The library that `emoji.prepare` wrote."""
    with np.load(path) as data:
        entries = json.loads(str(data["subjects"]))
        subjects = tuple(Subject(e["label"], tuple(e["words"])) for e in entries)
        return Library(subjects, data["pictures"])


def colours_for(subject: Subject) -> list[str]:
    """The backgrounds on which a subject is shown in training."""
    held_out = {colour for label, colour in HELD_OUT if label == subject.label}
    return [colour for colour in COLOURS if colour not in held_out]


def background(colour: str, rng: random.Random) -> Pixels:
    """A plain or softly graded ground of about the named colour."""
    base = np.array([c + rng.uniform(-10, 10) for c in COLOURS[colour]])
    ground = np.broadcast_to(base, (SIZE, SIZE, 3))
    if rng.random() < 0.6:
        angle = rng.uniform(0, 2 * np.pi)
        axis = np.linspace(-1, 1, SIZE)
        slope = np.cos(angle) * axis[None, :] + np.sin(angle) * axis[:, None]
        ground = ground + slope[..., None] * rng.uniform(4, 16)
    pixels: Pixels = np.clip(ground, 0, 255).astype(np.uint8)
    return pixels


def compose(picture: Pixels, colour: str, rng: random.Random) -> Pixels:
    """The subject, 106 to 118 px wide and slightly shifted, on a ground. `[128, 128, 3]`."""
    side = rng.randint(106, 118)
    subject = Image.fromarray(picture, "RGBA").resize((side, side), Image.Resampling.BILINEAR)
    scene = Image.fromarray(background(colour, rng), "RGB")
    free = SIZE - side
    shift = (free // 2 + rng.randint(-4, 4), free // 2 + rng.randint(-4, 4))
    scene.paste(subject, shift, subject)
    return np.asarray(scene, dtype=np.uint8)


def compose_anywhere(picture: Pixels, colour: str, rng: random.Random) -> tuple[Pixels, Pixels]:
    """The subject mirrored or not, turned, stretched, smaller, anywhere on a ground.

    Its caption says nothing of all this: only what else the model is shown can. Returns the scene
    `[128, 128, 3]`, and how much of each pixel the subject covers `[128, 128]`.
    """
    subject = Image.fromarray(picture, "RGBA")
    if rng.random() < 0.5:
        subject = subject.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    subject = subject.rotate(rng.uniform(-25, 25), Image.Resampling.BILINEAR)
    side, stretch = rng.randint(64, 116), rng.uniform(-0.25, 0.25)
    width, height = round(side * min(1, 1 + stretch)), round(side * min(1, 1 - stretch))
    subject = subject.resize((width, height), Image.Resampling.BILINEAR)
    scene = Image.fromarray(background(colour, rng), "RGB")
    corner = (rng.randint(0, SIZE - width), rng.randint(0, SIZE - height))
    scene.paste(subject, corner, subject)
    cover = Image.new("L", (SIZE, SIZE))
    cover.paste(subject.getchannel("A"), corner)
    return np.asarray(scene, dtype=np.uint8), np.asarray(cover, dtype=np.uint8)


def with_article(words: str) -> str:
    """`an owl`, `a cat`; none before plurals and names that take none."""
    plural = words.endswith("s") and not words.endswith(("ss", "us", "cactus", "octopus"))
    if plural and words not in PLURAL_LOOKING:
        return words
    return f"{'an' if words[0] in 'aeiou' and not words.startswith('uni') else 'a'} {words}"


PLURAL_LOOKING = frozenset({"hourglass", "bus", "face with heart eyes", "swiss"})

TEMPLATES: Sequence[str] = (
    "{subject} on {colour} background",
    "{subject} on {colour} background",
    "{subject}, {plain} background",
    "a picture of {subject} on {colour} background",
    "{subject} in front of {colour} background",
    "{bare}, {plain} background",
)


def caption(subject: Subject, colour: str, rng: random.Random) -> str:
    """One of the ways in which a person would ask for the picture."""
    words = subject.words[0] if rng.random() < 0.6 else rng.choice(subject.words)
    return rng.choice(TEMPLATES).format(
        subject=with_article(words), bare=words, colour=with_article(colour), plain=colour
    )
