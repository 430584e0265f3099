"""The inspector's pictures for ComfyUI's and A1111's clients: encoded anew, masked, read."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from nodeflow.imaging.files import PictureError, check_picture
from nodeflow.interop.infotext import read_infotext
from nodeflow.interop.picture import picture_texts
from nodeflow.server.process.answering import Found
from nodeflow.server.process.questions import (
    AskMasked,
    AskPicture,
    AskRendered,
    AskTexts,
    AskThumbnail,
)

if TYPE_CHECKING:
    from PIL import Image


class Unreadable(Exception):
    """A file is no picture that can be handled; the message says why."""


@contextmanager
def opened(path: str) -> "Iterator[Image.Image]":
    """A picture within the limits. Raises Unreadable, also for what goes wrong while it is used."""
    from PIL import Image

    try:
        check_picture(Path(path))
        with Image.open(path) as picture:
            yield picture
    except (PictureError, OSError, ValueError, SyntaxError) as error:
        raise Unreadable(str(error)) from None


def rendered(question: AskRendered) -> Found:
    """The answer to `AskRendered`."""
    from PIL import Image

    kind = "WEBP" if question.format == "JPEG" and question.channel == "a" else question.format
    with opened(question.path) as picture:
        shown = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
        if question.channel == "a":
            alpha = (
                shown.getchannel("A") if shown.mode == "RGBA" else Image.new("L", shown.size, 255)
            )
            shown = Image.new("RGBA", shown.size)
            shown.putalpha(alpha)
        elif question.channel == "rgb" or kind == "JPEG":
            shown = Image.merge("RGB", shown.split()[:3])
        out = io.BytesIO()
        shown.save(out, kind, quality=question.quality)
    return {"media_type": f"image/{kind.lower()}"}, out.getvalue()


def masked(question: AskMasked) -> Found:
    """The answer to `AskMasked`; the mask is scaled where its size differs."""
    from PIL.PngImagePlugin import PngInfo

    chunks = PngInfo()
    with opened(question.path) as picture, opened(question.mask) as mask:
        for key, text in picture.info.items():
            if isinstance(key, str) and isinstance(text, str):
                chunks.add_itxt(key, text)
        alpha = mask.convert("RGBA").getchannel("A").resize(picture.size)
        made = picture.convert("RGBA")
        made.putalpha(alpha)
        out = io.BytesIO()
        made.save(out, "PNG", pnginfo=chunks, compress_level=4)
    return None, out.getvalue()


def texts(question: AskTexts) -> Found:
    """The answer to `AskTexts`."""
    with NamedTemporaryFile() as file:
        file.write(question.data)
        file.flush()
        with opened(file.name):
            items = dict(picture_texts(Path(file.name)))
    info = items.get("parameters", "")
    read = read_infotext(info)
    parameters = {"Prompt": read.prompt, "Negative prompt": read.negative, **read.settings}
    return {"info": info, "items": items, "parameters": parameters if info else {}}, b""


def thumbnail(question: AskThumbnail) -> Found:
    """A small WebP. Raises Unreadable where the file is no picture that can be handled."""
    from PIL import Image, ImageOps

    try:
        check_picture(Path(question.path))
        with Image.open(question.path) as opened:
            opened.draft("RGB", (question.size, question.size))
            small = ImageOps.exif_transpose(opened)
            small.thumbnail((question.size, question.size))
            out = io.BytesIO()
            small.convert("RGBA" if "A" in small.getbands() else "RGB").save(
                out, "WEBP", quality=80
            )
    except (PictureError, OSError, ValueError, SyntaxError) as error:
        raise Unreadable(f"no thumbnail: {error}") from None
    return None, out.getvalue()


def picture(question: AskPicture) -> Found:
    """What an uploaded file is. Raises Unreadable for what is neither picture nor latent."""
    from PIL import Image

    path = Path(question.path)
    try:
        check_picture(path)
        with Image.open(path) as opened:
            width, height = opened.size
            media_type = Image.MIME.get(opened.format or "", "")
    except PictureError as error:
        raise Unreadable(str(error)) from None
    if media_type not in ("image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp"):
        raise Unreadable(f"pictures of type {media_type}")
    return {"media_type": media_type, "width": width, "height": height}, b""
