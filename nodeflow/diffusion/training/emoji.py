"""Subject pictures out of openly licensed emoji packages.

Reads `@lobehub/fluent-emoji-3d` (MIT; 256 px RGBA), `@lobehub/fluent-emoji-flat` (MIT; SVG) and
`emojibase-data` (MIT; labels to code points) as they lie in a `node_modules` folder.
"""

import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

SIDE = 128


@dataclass(frozen=True, slots=True)
class Subject:
    """Something the model learns to draw: its emoji label and the words captions use."""

    label: str
    words: tuple[str, ...]


def read_subjects(path: Path) -> list[Subject]:
    """Subjects from lines of `group<TAB>emoji label<TAB>word, word, …`."""
    subjects = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            _, label, words = line.split("\t")
            subjects.append(Subject(label, tuple(word.strip() for word in words.split(","))))
    return subjects


def code_points(emojibase: Path) -> dict[str, str]:
    """Emoji label to lower-case hexadecimal code points, as asset names spell them."""
    entries = json.loads((emojibase / "en" / "data.json").read_text(encoding="utf-8"))
    return {entry["label"]: entry["hexcode"].lower() for entry in entries}


def find_asset(fluent: Path, code: str) -> Path:
    """The picture of a code point, with or without the variation selector.

    Raises FileNotFoundError where the package has neither.
    """
    for name in (code, f"{code}-fe0f", code.replace("-fe0f", "")):
        for kind in ("webp", "svg"):
            path = fluent / "assets" / f"{name}.{kind}"
            if path.exists():
                return path
    raise FileNotFoundError(f"no picture for code point {code} in {fluent}")


def read_asset(path: Path) -> Image.Image:
    """A picture with its transparency; SVG needs the package `resvg-py`."""
    if path.suffix == ".svg":
        import resvg_py

        return Image.open(io.BytesIO(resvg_py.svg_to_bytes(svg_path=str(path), width=2 * SIDE)))
    return Image.open(path)


def tight_square(picture: Image.Image) -> Image.Image:
    """The opaque part, centred in a transparent square, `SIDE` pixels wide."""
    box = picture.getchannel("A").point(lambda alpha: 255 if alpha > 16 else 0).getbbox()
    cropped = picture.crop(box) if box else picture
    side = max(cropped.size)
    square = Image.new("RGBA", (side, side))
    square.paste(cropped, ((side - cropped.width) // 2, (side - cropped.height) // 2))
    return square.convert("RGBa").resize((SIDE, SIDE), Image.Resampling.LANCZOS).convert("RGBA")


def prepare(subjects_file: Path, fluent: Path, emojibase: Path, out: Path) -> list[str]:
    """Write all subjects' pictures, uint8 `[n, SIDE, SIDE, 4]`, and words to one `.npz`.

    Returns the labels that the packages do not have; they are left out.
    """
    codes = code_points(emojibase)
    pictures, kept, missing = [], [], []
    for subject in read_subjects(subjects_file):
        try:
            path = find_asset(fluent, codes[subject.label])
        except (KeyError, FileNotFoundError):
            missing.append(subject.label)
            continue
        with read_asset(path) as picture:
            pictures.append(np.asarray(tight_square(picture.convert("RGBA"))))
        kept.append({"label": subject.label, "words": list(subject.words)})
    np.savez_compressed(out, pictures=np.stack(pictures), subjects=np.array(json.dumps(kept)))
    return missing
