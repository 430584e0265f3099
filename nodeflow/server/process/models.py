"""The inspector's answers about model files."""

from hashlib import sha256
from pathlib import Path
from typing import Any

from msgspec import DecodeError, json

from nodeflow.node.folders import Folders
from nodeflow.server.process import pictures
from nodeflow.server.process.answering import Found, Unanswerable, unknown
from nodeflow.server.process.model_pictures import picture_beside
from nodeflow.server.process.questions import (
    AskModelHash,
    AskModelPicture,
    AskModels,
    AskThumbnail,
)

HEADER = 100_000_000
"""Bytes of a safetensors header that are still read."""


def models(question: AskModels, folders: Folders) -> Found:
    """Models of a kind, or how many there are of each."""
    if not question.kind:
        kinds = sorted({kind for root in folders.roots for kind in root.folders})
        return {"kinds": {kind: len(folders.model_files(kind)) for kind in kinds}}, b""
    files = files_of(question.kind, folders)
    if question.name and question.name not in files:
        raise unknown(f"there is no model '{question.name}'", question.name, files)
    told = []
    for name in [question.name] if question.name else files:
        known = facts(question.kind, name, files[name])
        more = looks(question.kind, files[name], folders) if question.looks else {}
        told.append(known | more)
    return {"models": told}, b""


def files_of(kind: str, folders: Folders) -> dict[str, Path]:
    """Files of a kind by name. Raises Unanswerable where there is no such kind."""
    kinds = sorted({kind for root in folders.roots for kind in root.folders})
    if kind not in kinds:
        raise unknown(f"there is no kind of models '{kind}'", kind, kinds)
    return folders.model_files(kind)


def model_hash(question: AskModelHash, folders: Folders) -> Found:
    """SHA-256 of one file."""
    files = files_of(question.kind, folders)
    path = files.get(question.name)
    if path is None or not path.is_file():
        raise unknown(f"there is no file '{question.name}'", question.name, files)
    digest = sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return {"sha256": digest.hexdigest()}, b""


def facts(kind: str, name: str, path: Path) -> dict[str, Any]:
    """Size, age, and the texts of a safetensors header."""
    stat = path.stat()
    return {
        "name": name, "kind": kind, "size": stat.st_size, "modified": stat.st_mtime,
        "metadata": header_texts(path) if path.suffix in (".safetensors", ".sft") else {},
    }  # fmt: skip


def looks(kind: str, path: Path, folders: Folders) -> dict[str, Any]:
    """The families a file goes with or why it cannot be read, and whether a picture lies beside
    it."""
    from nodeflow.diffusion.families.of_file import told_by

    told = told_by(kind, path)
    return {
        "families": [family.name for family in told.families], "trouble": told.trouble,
        "preview": picture_beside(kind, path, folders) is not None,
    }  # fmt: skip


def model_picture(question: AskModelPicture, folders: Folders) -> Found:
    """The picture beside a model. Raises Unanswerable where there is none, Unreadable where it
    is no picture that can be handled."""
    files = files_of(question.kind, folders)
    if question.name not in files:
        raise unknown(f"there is no model '{question.name}'", question.name, files)
    found = picture_beside(question.kind, files[question.name], folders)
    if found is None:
        raise Unanswerable(404, "not_found", f"no picture lies beside '{question.name}'")
    return pictures.thumbnail(AskThumbnail(str(found), question.size))


def header_texts(path: Path) -> dict[str, str]:
    """The texts of a safetensors header (its `__metadata__`), long ones cut."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        if size > HEADER:
            return {}
        try:
            header = json.decode(file.read(size), type=dict[str, Any])
            texts = header.get("__metadata__", {})
            return {str(k): str(v)[:2000] for k, v in list(texts.items())[:100]}
        except (DecodeError, UnicodeDecodeError, AttributeError):
            return {"error": "its header is no safetensors header"}
