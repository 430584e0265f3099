"""Pictures on disk: reading with limits, writing in one step, numbering as people know it."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from nodeflow.node.folders import confined

if TYPE_CHECKING:
    import torch

PIXEL_LIMIT = 120_000_000
EXIF_TAGS = {"prompt": 0x0110, "nodeflow": 0x010F, "depends": 0x010E, "workflow": 0x010D}
"""Model, Make, ImageDescription and DocumentName; ComfyUI has its `workflow` in Make."""
_DATE_PARTS = {"yyyy": "%Y", "yy": "%y", "MM": "%m", "dd": "%d", "hh": "%H", "mm": "%M", "ss": "%S"}


class PictureError(Exception):
    """A file that is no usable picture; the message says why."""


def check_picture(path: Path) -> None:
    """Raise PictureError where a file cannot be opened as a picture or is too large."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as picture:
            width, height = picture.size
            if width * height > PIXEL_LIMIT:
                raise PictureError(
                    f"its {width} x {height} pixels are too many (at most {PIXEL_LIMIT:,})"
                )
            picture.verify()
    except UnidentifiedImageError:
        raise PictureError("it is no picture") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise PictureError(f"it is damaged or no picture: {error}") from None


def read_picture(path: Path) -> "tuple[torch.Tensor, torch.Tensor]":
    """A picture as IMAGE `[1, H, W, 3]` and the mask of its transparency `[1, H, W]`.

    EXIF orientation is applied; the mask is 1 where the picture is transparent, and 64 by 64
    zeros where it has no alpha.
    """
    import numpy as np
    import torch
    from PIL import Image, ImageOps

    check_picture(path)
    with Image.open(path) as opened:
        picture = ImageOps.exif_transpose(opened)
        has_alpha = "A" in picture.getbands() or "transparency" in picture.info
        if picture.mode in ("I", "I;16"):
            picture = picture.point(lambda value: value / 256).convert("L")
        rgba = np.asarray(picture.convert("RGBA"))
    values = torch.from_numpy(rgba.copy()).float() / 255
    mask = 1 - values[None, :, :, 3] if has_alpha else torch.zeros(1, 64, 64)
    return values[None, :, :, :3].contiguous(), mask


def to_bytes(image: "torch.Tensor") -> "torch.Tensor":
    """`[H, W, 3]` in 0..1 to uint8."""
    return (image.clamp(0, 1) * 255).round().byte()


def write_png(path: Path, image: "torch.Tensor", metadata: Mapping[str, str]) -> None:
    """Write one picture `[H, W, 3]` with text chunks, beside its name first, then in place."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    chunks = PngInfo()
    for key, text in metadata.items():
        chunks.add_itxt(key, text) if not text.isascii() else chunks.add_text(key, text)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        Image.fromarray(to_bytes(image).cpu().numpy()).save(
            partial, format="PNG", pnginfo=chunks, compress_level=4
        )
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@dataclass(frozen=True)
class WebPLook:
    """fps: pictures a second. quality: 0 to 100. effort: 0 (fast) to 6 (small)."""

    fps: float
    lossless: bool
    quality: int
    effort: int


def write_webp(
    path: Path, images: "torch.Tensor", metadata: Mapping[str, str], look: WebPLook
) -> None:
    """Write pictures `[B, H, W, 3]` as one WebP, beside its name first, then in place.

    The texts, which are JSON, stand in EXIF tags as `name:text`, as ComfyUI's do. Such tags hold
    ASCII, so all else is escaped.
    """
    from PIL import Image

    exif = Image.Exif()
    for name, tag in EXIF_TAGS.items():
        if name in metadata:
            text = "".join(c if c.isascii() else json.dumps(c)[1:-1] for c in metadata[name])
            exif[tag] = f"{name}:{text}"
    first, *rest = [Image.fromarray(to_bytes(image).cpu().numpy()) for image in images]
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    moving = {"save_all": True, "append_images": rest, "duration": round(1000 / look.fps)}
    try:
        first.save(
            partial, format="WEBP", exif=exif, lossless=look.lossless, quality=look.quality,
            method=look.effort, **(moving if rest else {}),
        )  # fmt: skip
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def expand_prefix(prefix: str, width: int, height: int, now: datetime) -> str:
    """`%date:yyyy-MM-dd%`, `%width%` and `%height%` in a file name filled in."""

    def date(match: re.Match[str]) -> str:
        text = match.group(1) or "yyyyMMddhhmmss"
        return re.sub("yyyy|yy|MM|dd|hh|mm|ss", lambda m: now.strftime(_DATE_PARTS[m[0]]), text)

    text = re.sub(r"%date(?::([^%]*))?%", date, prefix)
    return text.replace("%width%", str(width)).replace("%height%", str(height))


def next_number(folder: Path, stem: str) -> int:
    """One more than the highest number that a file `stem_NNNNN_…` has in the folder."""
    pattern = re.compile(re.escape(stem) + r"_(\d+)_")
    names = [p.name for p in folder.iterdir()] if folder.is_dir() else []
    return max((int(m[1]) for n in names if (m := pattern.match(n))), default=0) + 1


@contextmanager
def free_name(folder: Path, stem: str, suffix: str) -> Iterator[Path]:
    """The next free `stem_NNNNN_` with a suffix such as `.png`; the folder is made.

    Nobody else is given the name until the block ends: nodes run side by side, and so do processes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    number = next_number(folder, stem)
    while True:
        path = folder / f"{stem}_{number:05}_{suffix}"
        number += 1
        held = path.with_name(f".{path.name}.held")
        try:
            held.touch(exist_ok=False)
        except FileExistsError:
            continue
        try:
            # Whoever held it before may have written it since the folder was read.
            if path.exists():
                continue
            yield path
        finally:
            held.unlink()
        return


def place_for(root: Path, prefix: str) -> tuple[Path, str]:
    """The folder and the stem that a prefix such as `run/cat` names, inside `root`.

    Raises PictureError where it leaves the root.
    """
    head, _, stem = prefix.replace("\\", "/").rpartition("/")
    folder = confined(root, head) if not Path(head).is_absolute() else None
    unsafe = any(ord(c) < 32 or c in ':*?"<>|' for c in prefix)
    if folder is None or unsafe or stem in ("", ".", ".."):
        raise PictureError(f"'{prefix}' is no name inside the output folder")
    return folder, stem
