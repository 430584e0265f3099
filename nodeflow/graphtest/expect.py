"""Comparing what came out with what a case expects."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nodeflow.graph.document import JsonValue
from nodeflow.graph.nearest import nearest

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class Came:
    """What one node of the document gave: states of all that it became, pictures, texts."""

    states: tuple[str, ...]
    pictures: tuple[Path, ...]
    texts: tuple[str, ...]


def listed(value: JsonValue) -> list[JsonValue]:
    """A list, or one value as a list."""
    return value if isinstance(value, list) else [value]


def pixels(path: Path) -> "np.ndarray[tuple[int, ...], np.dtype[np.float64]]":
    """A picture as numbers from 0 to 255, transparency included where there is some."""
    import numpy as np
    from PIL import Image

    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGBA"), dtype=np.float64)


def psnr(a: Path, b: Path) -> float:
    """Peak signal-to-noise ratio in dB; infinite where equal, -infinite where sizes differ."""
    first, second = pixels(a), pixels(b)
    if first.shape != second.shape:
        return -math.inf
    error = float(((first - second) ** 2).mean())
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)


class Comparison:
    """One node's expectations. `golden` is the folder of the test; `update` writes pictures."""

    def __init__(self, came: Came, golden: Path, update: bool) -> None:
        self.came, self.golden, self.update = came, golden, update
        self.written: list[Path] = []

    def failures(self, expected: Mapping[str, JsonValue]) -> Iterator[str]:
        """What is not as expected, in words."""
        checks: dict[str, Callable[[JsonValue], Iterator[str]]] = {
            "state": self.state, "count": self.count, "size": self.size, "text": self.text,
            "number": self.number, "between": self.between,
        }  # fmt: skip
        for kind, check in checks.items():
            if kind in expected:
                yield from check(expected[kind])
        if "like" in expected:
            yield from self.like(expected["like"], expected.get("psnr"))

    def state(self, wanted: JsonValue) -> Iterator[str]:
        """All that the node became ended so."""
        if set(self.came.states) != {str(wanted)}:
            yield f"state is {' and '.join(sorted(set(self.came.states)))}, not {wanted}"

    def count(self, wanted: JsonValue) -> Iterator[str]:
        """So many pictures."""
        if len(self.came.pictures) != wanted:
            yield f"{len(self.came.pictures)} pictures, not {wanted}"

    def size(self, wanted: JsonValue) -> Iterator[str]:
        """All pictures are so large."""
        from PIL import Image

        if not self.came.pictures:
            yield "there is no picture"
        for path in self.came.pictures:
            with Image.open(path) as picture:
                if list(picture.size) != wanted:
                    yield f"{path.name} is {picture.width} x {picture.height}, not {wanted}"

    def text(self, wanted: JsonValue) -> Iterator[str]:
        """The texts shown, all of them."""
        texts = [str(text) for text in listed(wanted)]
        if list(self.came.texts) != texts:
            yield f"text is {list(self.came.texts)}, not {texts}"

    def numbers(self) -> list[float]:
        """The numbers shown."""
        return [float(text) for text in self.came.texts]

    def number(self, wanted: JsonValue) -> Iterator[str]:
        """The numbers shown, all of them."""
        if self.came.texts != tuple(str(n) for n in listed(wanted)) and (
            self.numbers() != listed(wanted)
        ):
            yield f"number is {', '.join(self.came.texts)}, not {wanted}"

    def between(self, wanted: JsonValue) -> Iterator[str]:
        """Every number shown lies between two."""
        least, most = (float(str(n)) for n in listed(wanted))
        for number in self.numbers() or [math.nan]:
            if not least <= number <= most:
                yield f"number is {number:g}, not between {least:g} and {most:g}"

    def like(self, wanted: JsonValue, least: JsonValue) -> Iterator[str]:
        """Each picture is like the golden one of its place."""
        goldens = [self.golden / str(name) for name in listed(wanted)]
        if len(goldens) != len(self.came.pictures):
            yield f"{len(self.came.pictures)} pictures for {len(goldens)} golden ones"
            return
        bound = float(str(least)) if least is not None else math.inf
        for golden, picture in zip(goldens, self.came.pictures, strict=True):
            inside = golden.resolve().is_relative_to(self.golden.resolve())
            if not inside:
                yield f"{golden} is not beside the test"
            elif not golden.exists() and not self.update:
                close = nearest(golden.name, [p.name for p in self.golden.glob("**/*.png")])
                hint = f" (nearest: {', '.join(close)})" if close else ""
                yield f"{golden} is not there{hint}; --update writes it"
            elif not golden.exists() or (found := psnr(golden, picture)) < bound:
                if self.update:
                    self.write(golden, picture)
                else:
                    what = "another size" if found == -math.inf else f"PSNR {found:.1f} dB"
                    wish = "equal" if bound == math.inf else f"{bound:g} dB"
                    yield f"{picture} is not like {golden}: {what}, expected {wish}"

    def write(self, golden: Path, picture: Path) -> None:
        """Take a picture as golden, without the workflow inside it."""
        from PIL import Image

        golden.parent.mkdir(parents=True, exist_ok=True)
        with Image.open(picture) as opened:
            clean = Image.new(opened.mode, opened.size)
            clean.paste(opened)
            clean.save(golden, optimize=True)
        self.written.append(golden)
