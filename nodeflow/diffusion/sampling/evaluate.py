"""Wishes to network calls: which rows run together, and what that does to their bits."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from enum import StrEnum
from functools import partial
from itertools import pairwise
from typing import Protocol

import torch
from torch import Tensor

from nodeflow.diffusion.guidance.rows import Rows, Wish
from nodeflow.diffusion.sampling.shares import Shares
from nodeflow.diffusion.unet.interventions import NONE

CELLS = 65_536
"""Latent cells of one network call at most: 16 rows of 512 by 512 pixels."""

LEAST = 2
"""Members of a network call that is one of several side by side; fewer are not worth a thread."""


class Denoiser(Protocol):
    """What answers wishes: a network with what is around it."""

    def __call__(self, pieces: Sequence[Rows], /) -> list[Tensor]:
        """The denoised latent of each piece; all are of one kind, at noise levels of one state."""

    def state(self, sigma: float, /) -> Hashable:
        """Noise levels of equal state can share a call."""


class Company(StrEnum):
    """Which rows share a network call.

    OWN: those of one wish, as when it is alone: the same shapes, so the same bits in any company.
    ALL: of all wishes that wait, up to `CELLS`: the fastest; the last bits depend on the company.
    BLOCKS: blocks of `BLOCK` rows, filled up where there are fewer: the same shapes always, so
    an image's bits do not even depend on the batch it is drawn in.
    """

    OWN = "own"
    ALL = "all"
    BLOCKS = "blocks"


BLOCK = 4


def kind(rows: Rows) -> Hashable:
    """Rows of equal kind can share a call."""
    company = rows.variant or (None if rows.interventions is NONE else id(rows.interventions))
    controls = tuple((control.net, control.strength) for control in rows.controls)
    takes = rows.labels is None, rows.extra is None, rows.probed
    pictures = tuple(
        (p.adapter, p.weight, p.tokens.shape[1], p.mask is None) for p in rows.pictures
    )
    net = None if rows.grounding is None else rows.grounding.net
    return tuple(rows.x.shape[1:]), takes, company, controls, rows.hooks, pictures, net


def evaluate(
    model: Denoiser,
    wish: Wish,
    cells: int | None = None,
    block: int | None = None,
    shares: Shares | None = None,
) -> list[Tensor]:
    """The denoised of each of the rows: one call for each kind, or for each `cells` of it.

    block: calls of exactly that many rows. shares: on a CPU, each of the other calls is split
    among these.
    """
    if block is not None:
        return evaluate_blocks(model, wish, block)
    groups: dict[Hashable, list[int]] = {}
    for index, rows in enumerate(wish):
        groups.setdefault((kind(rows), model.state(rows.sigma)), []).append(index)
    answers: dict[int, Tensor] = {}
    for members in groups.values():
        for part in portions(members, wish, cells):
            if shares is None or wish[0].x.device.type != "cpu":
                found = model([wish[i] for i in part])
            else:
                split = even(part, shares.count)
                calls = [partial(model, [wish[i] for i in share]) for share in split]
                found = [answer for several in shares.run(calls) for answer in several]
            answers.update(zip(part, found, strict=True))
    return [answers[index] for index in range(len(wish))]


def portions(members: Sequence[int], wish: Wish, cells: int | None) -> Iterable[list[int]]:
    """Members in order, in parts of at most `cells` latent cells, one member at least."""
    part: list[int] = []
    used = 0
    for index in members:
        size = wish[index].x.shape[0] * wish[index].x.shape[2] * wish[index].x.shape[3]
        if part and cells is not None and used + size > cells:
            yield part
            part, used = [], 0
        part.append(index)
        used += size
    yield part


def even(part: list[int], count: int) -> list[list[int]]:
    """Members in order in so many parts of about the same length, of `LEAST` at least."""
    count = max(1, min(count, len(part) // LEAST))
    bounds = [len(part) * i // count for i in range(count + 1)]
    return [part[a:b] for a, b in pairwise(bounds)]


def single_rows(rows: Rows) -> list[Rows]:
    """Each row by itself."""
    count = len(rows.x)
    if count == 1:
        return [rows]

    def at(value: Tensor, i: int) -> Tensor:
        return value[i : i + 1] if len(value) == count else value

    return [
        replace(
            rows,
            x=at(rows.x, i),
            embedding=at(rows.embedding, i),
            labels=None if rows.labels is None else at(rows.labels, i),
            extra=None if rows.extra is None else at(rows.extra, i),
            controls=tuple(replace(c, hint=at(c.hint, i)) for c in rows.controls),
        )
        for i in range(count)
    ]


def evaluate_blocks(model: Denoiser, wish: Wish, block: int) -> list[Tensor]:
    """The same in calls of exactly `block` rows of one kind and text length."""
    singles = [(index, row) for index, rows in enumerate(wish) for row in single_rows(rows)]
    groups: dict[Hashable, list[int]] = {}
    for place, (_, row) in enumerate(singles):
        own = kind(row), model.state(row.sigma), row.embedding.shape[1]
        groups.setdefault(own, []).append(place)
    answers: dict[int, Tensor] = {}
    for members in groups.values():
        for start in range(0, len(members), block):
            part = members[start : start + block]
            filled = part + [part[-1]] * (block - len(part))
            answers.update(zip(part, model([singles[p][1] for p in filled]), strict=False))
    rows_of: list[list[Tensor]] = [[] for _ in wish]
    for place, (index, _) in enumerate(singles):
        rows_of[index].append(answers[place])
    return [torch.cat(parts) for parts in rows_of]
