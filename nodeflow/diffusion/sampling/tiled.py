"""A denoiser of tiles as a denoiser of whole latents."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from nodeflow.diffusion.conditioning import Area
from nodeflow.diffusion.guidance.controls import CELL
from nodeflow.diffusion.guidance.grounding import grounding_within
from nodeflow.diffusion.guidance.rows import Rows
from nodeflow.diffusion.patches.tiled import TiledDiffusion, inside, tiles
from nodeflow.diffusion.sampling.evaluate import Denoiser, single_rows


@dataclass(frozen=True, eq=False)
class TiledModel:
    """Every row is cut where it is larger than a tile; prompts' areas are cut on their own."""

    model: Denoiser
    tiling: TiledDiffusion

    def state(self, sigma: float) -> Hashable:
        """Noise levels of equal state can share a call."""
        return self.model.state(sigma)

    def __call__(self, pieces: Sequence[Rows]) -> list[Tensor]:
        """Pieces of one kind and size; a call of the model has `tiling.batch` rows at most."""
        cut = tiles(self.tiling, pieces[0].x.shape[-2], pieces[0].x.shape[-1])
        if len(cut) == 1:
            return self.model(pieces)
        answers = [piece.x.new_zeros(piece.answer_shape) for piece in pieces]
        jobs = [
            (answer[number : number + 1], row, tile)
            for answer, piece in zip(answers, pieces, strict=True)
            for number, row in enumerate(single_rows(piece))
            for tile in cut
        ]
        for start in range(0, len(jobs), self.tiling.batch):
            part = jobs[start : start + self.tiling.batch]
            denoised = self.model([cropped(row, area) for _, row, (area, _) in part])
            for (answer, _, (area, weight)), found in zip(part, denoised, strict=True):
                inside(answer, area).add_(found * weight.to(found))
        return answers


def cropped(rows: Rows, area: Area) -> Rows:
    """The part of rows in a rectangle, with its part of all that has a place."""
    return replace(
        rows,
        x=inside(rows.x, area),
        extra=None if rows.extra is None else inside(rows.extra, area),
        controls=tuple(replace(c, hint=inside(c.hint, area, CELL)) for c in rows.controls),
        pictures=tuple(
            p if p.mask is None else replace(p, mask=inside(p.mask, area)) for p in rows.pictures
        ),
        grounding=None
        if rows.grounding is None
        else grounding_within(rows.grounding, area, *rows.x.shape[-2:]),
    )
