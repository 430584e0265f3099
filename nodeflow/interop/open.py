"""Opening a workflow file of any kind that is understood."""

import json
from pathlib import Path

from nodeflow.graph import limits
from nodeflow.graph.document import JsonValue, Workflow
from nodeflow.graph.parse import Parsed, fail, parse
from nodeflow.graph.problem import ProblemCode
from nodeflow.graph.read import read_parsed, read_text
from nodeflow.interop.comfyui_api import from_api, is_api_format
from nodeflow.interop.comfyui_workflow import from_editor, is_editor_format
from nodeflow.interop.infotext import infotext_workflow, read_infotext
from nodeflow.interop.picture import SUFFIXES, picture_texts
from nodeflow.node.plugins import Registry, load_registry


def open_workflow(path: Path, registry: Registry | None = None) -> Workflow:
    """A document of ours, ComfyUI's API graph or editor file, or a picture that carries one.

    `registry`: the node types by which an editor file is understood (default: the built-in ones
    and installed plugins). Raises WorkflowError with everything that is wrong.
    """
    if path.suffix.lower() in SUFFIXES and path.is_file():
        return open_picture(path, registry)
    return read_any(read_text(path), str(path), registry)


def read_any(text: str, source: str | None, registry: Registry | None = None) -> Workflow:
    """A workflow out of its text, of any kind."""
    return from_parsed(parse(text, source, limits.DEFAULT), source, registry)


def open_data(data: bytes, source: str | None = None, registry: Registry | None = None) -> Workflow:
    """A workflow out of JSON: the document as an object, or as a string that holds its text.

    Only text gives places to what is wrong. Raises WorkflowError.
    """
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise fail(ProblemCode.SYNTAX, f"not valid JSON: {error}", source) from None
    if isinstance(value, str):
        return read_any(value, source, registry)
    check_size(value, source)
    return from_parsed(Parsed(value), source, registry)


def check_size(value: JsonValue, source: str | None) -> None:
    """The limits that `parse` holds, on a value that is read already."""
    level, depth = [value], 0
    while level:
        if depth > limits.DEFAULT.depth:
            raise fail(ProblemCode.LIMIT, f"nested over {limits.DEFAULT.depth} deep", source)
        inner: list[JsonValue] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
        level, depth = inner, depth + 1


def from_parsed(parsed: Parsed, source: str | None, registry: Registry | None = None) -> Workflow:
    """A workflow out of parsed text, of any kind."""
    if is_api_format(parsed.data):
        return from_api(parsed, source)
    if is_editor_format(parsed.data):
        return from_editor(parsed, source, registry or load_registry())
    return read_parsed(parsed, source, limits.DEFAULT)


def open_picture(path: Path, registry: Registry | None = None) -> Workflow:
    """The workflow that made a picture. Raises WorkflowError where it carries none."""
    texts = picture_texts(path)
    for name in ("nodeflow", "prompt", "workflow"):
        if name in texts:
            return read_any(texts[name], str(path), registry)
    if "parameters" in texts:
        return infotext_workflow(read_infotext(texts["parameters"]), str(path))
    raise fail(
        ProblemCode.FILE,
        "the picture carries no workflow",
        str(path),
        expected="a picture saved by nodeflow, ComfyUI or A1111, not resaved by another program",
    )
