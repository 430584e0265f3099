"""A labelled grid of pictures, for comparing."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    import torch

GAP = 6
MARGIN = 10
LABEL_WIDTH = 160
FONT_SIZE = 14
SMALLEST_CELL = 96
LARGEST_CELL = 512
PAPER, INK, EMPTY = (255, 255, 255), (20, 20, 20), (225, 225, 225)

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def wrapped(text: str, font: Font, width: int, most: int = 4) -> str:
    """Text in at most `most` lines of `width` pixels; what does not fit ends in an ellipsis."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        joined = f"{line} {word}".strip()
        if font.getlength(joined) <= width:
            line = joined
            continue
        lines.append(line)
        line = ""
        for letter in word:
            if font.getlength(line + letter) > width:
                lines.append(line)
                line = ""
            line += letter
    lines = [part for part in (*lines, line) if part]
    return "\n".join(lines[:most]) + ("…" if len(lines) > most else "")


def grid(
    rows: Sequence[Sequence[Path | Image.Image | None]],
    columns: Sequence[str],
    labels: Sequence[str],
) -> Image.Image:
    """Pictures in rows, a label over each column and left of each row.

    Cells have the largest picture's size, within 96 and 512 pixels; None is an empty cell.
    """
    pictures = [[None if p is None else open_rgb(p) for p in row] for row in rows]
    sizes = [p.size for row in pictures for p in row if p is not None] or [(128, 128)]
    width = min(max(max(w for w, _ in sizes), SMALLEST_CELL), LARGEST_CELL)
    height = min(max(max(h for _, h in sizes), SMALLEST_CELL), LARGEST_CELL)
    font = ImageFont.load_default(FONT_SIZE)
    heads = [wrapped(text, font, width) for text in columns]
    sides = [wrapped(text, font, LABEL_WIDTH, 8) for text in labels]
    widest = max(font.getlength(line) for side in sides for line in side.split("\n"))
    left = MARGIN + (round(widest) + 2 * GAP if widest else 0)
    lines = max((head.count("\n") + 1 for head in heads if head), default=0)
    top = MARGIN + (lines * (FONT_SIZE + 5) + GAP if lines else 0)
    size = (
        left + len(columns) * (width + GAP) - GAP + MARGIN,
        top + len(rows) * (height + GAP) - GAP + MARGIN,
    )
    sheet = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(sheet)
    for number, text in enumerate(heads):
        place = (left + number * (width + GAP) + width // 2, top - GAP)
        draw.multiline_text(place, text, INK, font, anchor="md", align="center")
    for y, (row, side) in enumerate(zip(pictures, sides, strict=True)):
        above = top + y * (height + GAP)
        draw.multiline_text((MARGIN, above + height // 2), side, INK, font, anchor="lm")
        for x, picture in enumerate(row):
            corner = (left + x * (width + GAP), above)
            if picture is None:
                draw.rectangle((*corner, corner[0] + width - 1, above + height - 1), EMPTY)
                continue
            picture.thumbnail((width, height), Image.Resampling.LANCZOS)
            offset = ((width - picture.width) // 2, (height - picture.height) // 2)
            sheet.paste(picture, (corner[0] + offset[0], corner[1] + offset[1]))
    return sheet


def open_rgb(path: Path | Image.Image) -> Image.Image:
    """A picture or the picture in a file, without transparency."""
    if isinstance(path, Image.Image):
        return path.convert("RGB")
    with Image.open(path) as opened:
        return opened.convert("RGB")


def label(value: object) -> str:
    """A label as people write it."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def grid_of_tensors(
    images: "Sequence[torch.Tensor]", columns: int, heads: Sequence[object],
    sides: Sequence[object],
) -> "torch.Tensor":  # fmt: skip
    """Batches `[batch, height, width, 3]` as one sheet of the same form."""
    import numpy as np
    import torch

    from nodeflow.imaging.files import to_bytes

    cells: list[Image.Image | None] = [
        Image.fromarray(to_bytes(picture[..., :3]).cpu().numpy())
        for batch in images
        for picture in batch
    ]
    columns = min(columns, max(len(cells), 1))
    cells += [None] * (-len(cells) % columns)
    rows = [cells[start : start + columns] for start in range(0, len(cells), columns)]
    tops = [label(value) for value in heads][:columns]
    lefts = [label(value) for value in sides][: len(rows)]
    tops += [""] * (columns - len(tops))
    lefts += [""] * (len(rows) - len(lefts))
    sheet = np.array(grid(rows, tops, lefts), dtype=np.float32)
    return torch.from_numpy(sheet / 255).unsqueeze(0)
