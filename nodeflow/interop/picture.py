"""The workflow inside a picture: ours, ComfyUI's, or A1111's generation text.

PNG: text chunks `nodeflow`, `prompt` (ComfyUI's API graph), `parameters` (A1111). JPEG and WebP:
EXIF tags Make and Model holding `workflow:{…}` and `prompt:{…}` (ComfyUI) or `nodeflow:{…}` (ours),
UserComment (A1111).
Pillow refuses text chunks that unpack to more than 1 MB.
"""

from collections.abc import Mapping
from pathlib import Path

from nodeflow.graph.parse import fail
from nodeflow.graph.problem import ProblemCode
from nodeflow.imaging.files import EXIF_TAGS

SUFFIXES = (".png", ".webp", ".jpg", ".jpeg")
EXIF_BLOCK, USER_COMMENT = 0x8769, 0x9286
_COMMENT_CODES = {b"ASCII\0\0\0": "ascii", b"UNICODE\0": "utf-16-be", b"\0" * 8: "utf-8"}


def picture_texts(path: Path) -> Mapping[str, str]:
    """All texts of a picture by name. Raises WorkflowError where it cannot be read."""
    from PIL import Image, PngImagePlugin, UnidentifiedImageError

    texts: dict[str, str] = {}
    try:
        with Image.open(path) as picture:
            for key, value in picture.info.items():
                if isinstance(key, str) and isinstance(value, str):
                    texts[key] = value
            if picture.format == "PNG":
                assert isinstance(picture, PngImagePlugin.PngImageFile)
                texts.update({key: str(value) for key, value in picture.text.items()})
            exif = picture.getexif()
            for tag in EXIF_TAGS.values():
                name, colon, text = str(exif.get(tag, "")).partition(":")
                if colon and name in EXIF_TAGS:
                    texts.setdefault(name, text)
            comment = exif.get_ifd(EXIF_BLOCK).get(USER_COMMENT)
            if isinstance(comment, bytes):
                texts.setdefault("parameters", decoded_comment(comment))
    except (
        UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError
    ) as error:  # fmt: skip
        why = "its format is not known" if isinstance(error, UnidentifiedImageError) else error
        message = f"this is no picture that can be read: {why}"
        raise fail(ProblemCode.SYNTAX, message, str(path)) from None
    return texts


def decoded_comment(comment: bytes) -> str:
    """EXIF's UserComment: eight bytes that name the encoding, then the text."""
    encoding = _COMMENT_CODES.get(comment[:8], "utf-8")
    return comment[8:].decode(encoding, errors="replace").rstrip("\0 ")
