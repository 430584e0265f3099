"""Opening a workflow file of any kind that is understood."""

from pathlib import Path

from nodeflow.graph import limits
from nodeflow.graph.document import Workflow
from nodeflow.graph.parse import fail, parse
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


def read_any(text: str, source: str, registry: Registry | None = None) -> Workflow:
    """A workflow out of its text, of any kind."""
    parsed = parse(text, source, limits.DEFAULT)
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
