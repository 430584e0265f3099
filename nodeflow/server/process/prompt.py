"""The inspector's answers about ComfyUI's prompts."""

from typing import Any

from msgspec import json

from nodeflow.graph.problem import WorkflowError
from nodeflow.interop.comfyui_api import api_graph, known_inputs
from nodeflow.interop.comfyui_errors import Judged, error, judge
from nodeflow.interop.comfyui_prefix import filled_in
from nodeflow.interop.open import open_data
from nodeflow.node.folders import Folders
from nodeflow.node.plugins import Registry
from nodeflow.server.process.questions import AskGraphs, AskPrompt


def judged(question: AskPrompt, registry: Registry, folders: Folders) -> dict[str, Any]:
    """The body of the answer to `AskPrompt`."""
    found = verdict(question, registry, folders)
    return {
        "outputs": list(found.outputs),
        "error": found.error,
        "node_errors": found.node_errors,
    }


def verdict(question: AskPrompt, registry: Registry, folders: Folders) -> Judged:
    """What can run, or what is wrong."""
    graph = json.decode(question.prompt)["prompt"]
    if not isinstance(graph, dict):
        return Judged(error=error("invalid_prompt", "The prompt is no object of nodes"))
    if not graph:
        return Judged(error=error("prompt_no_outputs", "Prompt has no outputs"))
    for name, node in graph.items():
        if not isinstance(node, dict) or not isinstance(node.get("class_type"), str):
            details = f"Node ID '#{name}'"
            return Judged(error=error("invalid_prompt", "A node has no class_type", details))
    try:
        workflow = filled_in(known_inputs(open_data(question.prompt), registry))
    except WorkflowError as found:
        return Judged(error=error("invalid_prompt", "The prompt cannot be read", str(found)))
    return judge(workflow, registry, folders, question.targets)


def graphs(question: AskGraphs, registry: Registry) -> list[Any]:
    """Documents as API graphs; an empty graph where the format cannot say one."""
    found: list[Any] = []
    for document in question.documents:
        try:
            found.append(api_graph(open_data(document), registry))
        except WorkflowError:
            found.append({})
    return found
