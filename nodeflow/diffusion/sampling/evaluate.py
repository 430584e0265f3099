"""Wishes to network calls: rows of one size, text length and variant run in one batch."""

from collections.abc import Hashable, Sequence

from torch import Tensor

from nodeflow.diffusion.guidance.rows import Rows, Wish
from nodeflow.diffusion.sampling.model import DenoisingModel
from nodeflow.diffusion.unet.interventions import NONE


def kind(rows: Rows) -> Hashable:
    """Rows of equal kind can share a call."""
    company = rows.variant or (None if rows.interventions is NONE else id(rows.interventions))
    return rows.x.shape[1:], rows.labels is None, company


def evaluate(model: DenoisingModel, wish: Wish) -> Sequence[Tensor]:
    """The denoised of each of the rows, with one call for each kind."""
    groups: dict[Hashable, list[int]] = {}
    for index, rows in enumerate(wish):
        groups.setdefault(kind(rows), []).append(index)
    answers: dict[int, Tensor] = {}
    for members in groups.values():
        answers.update(zip(members, model([wish[i] for i in members]), strict=True))
    return [answers[index] for index in range(len(wish))]
