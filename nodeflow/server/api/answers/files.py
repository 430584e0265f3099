"""Files."""

from typing import Literal, TypedDict


class ListedFile(TypedDict):
    """A file in a folder."""

    path: str
    folder: str
    size: int
    modified: float
    media_type: str
    url: str


class FileListing(TypedDict):
    """Files, newest first; next: what to give as `after` for those after them."""

    files: list[ListedFile]
    next: int | None


class PictureFacts(TypedDict):
    """What a picture is; width, height: pixels."""

    media_type: str
    width: int
    height: int


class Uploaded(PictureFacts):
    """A picture that was taken in."""

    path: str
    folder: Literal["input"]
    size: int
    sha256: str
    url: str
