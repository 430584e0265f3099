"""A training's loss over time as a picture, smoothed, on a logarithmic scale."""

import csv
import math
from pathlib import Path

from PIL import Image, ImageDraw

SIZE = (640, 240)
MARGIN = 44
WINDOW = 9


def read_log(path: Path) -> list[tuple[float, float]]:
    """(minutes, loss) out of the CSV that `loop.train` writes."""
    with path.open(newline="") as file:
        return [(float(row[1]) / 60, float(row[3])) for row in csv.reader(file)]


def smoothed(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """A running mean of the losses over `WINDOW` rows."""
    result = []
    for i, (minutes, _) in enumerate(points):
        near = [loss for _, loss in points[max(0, i - WINDOW // 2) : i + WINDOW // 2 + 1]]
        result.append((minutes, sum(near) / len(near)))
    return result


def draw_curve(log: Path, out: Path, title: str) -> None:
    """Write the curve of one log as a PNG."""
    points = smoothed(read_log(log))
    low = math.log10(min(loss for _, loss in points))
    high = math.log10(max(loss for _, loss in points))
    longest = points[-1][0]
    width, height = SIZE[0] - 2 * MARGIN, SIZE[1] - 2 * MARGIN

    def place(minutes: float, loss: float) -> tuple[float, float]:
        part = (math.log10(loss) - low) / (high - low or 1)
        return MARGIN + width * minutes / longest, MARGIN + height * (1 - part)

    picture = Image.new("RGB", SIZE, "white")
    pen = ImageDraw.Draw(picture)
    pen.rectangle((MARGIN, MARGIN, SIZE[0] - MARGIN, SIZE[1] - MARGIN), outline="#999999")
    pen.line([place(*point) for point in points], fill="#1e5fbf", width=2)
    pen.text((MARGIN, 14), title, fill="black")
    for exponent in (low, high):
        pen.text((4, place(0, 10**exponent)[1] - 6), f"{10**exponent:.3f}", fill="black")
    pen.text((SIZE[0] - MARGIN - 40, SIZE[1] - MARGIN + 8), f"{longest:.0f} min", fill="black")
    out.parent.mkdir(parents=True, exist_ok=True)
    picture.save(out, optimize=True)
