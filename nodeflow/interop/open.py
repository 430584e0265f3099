"""Opening a workflow file of any kind that is understood."""

from pathlib import Path

from nodeflow.graph import limits
from nodeflow.graph.document import Workflow
from nodeflow.graph.parse import parse
from nodeflow.graph.read import read_parsed, read_text
from nodeflow.interop.comfyui_api import from_api, is_api_format


def open_workflow(path: Path) -> Workflow:
    """A document of ours, or a graph in ComfyUI's API format.

    Raises WorkflowError with everything that is wrong.
    """
    parsed = parse(read_text(path), str(path), limits.DEFAULT)
    if is_api_format(parsed.data):
        return from_api(parsed, str(path))
    return read_parsed(parsed, str(path), limits.DEFAULT)
