"""The text chunks of saved pictures: our document, and the graph that ComfyUI reads."""

import json

from nodeflow.graph.document import Workflow
from nodeflow.graph.write import to_data
from nodeflow.interop.comfyui_api import slots_of, to_api
from nodeflow.node.plugins import Registry


def picture_metadata(workflow: Workflow, registry: Registry) -> dict[str, str]:
    """`nodeflow`: the document as JSON; `prompt`: ComfyUI's API graph."""
    outputs = {
        name: [output.name for output in spec.outputs]
        for name, entry in workflow.nodes.items()
        if (spec := registry.get(entry.type)) is not None
    }
    return {
        "prompt": json.dumps(to_api(workflow, slots_of(outputs)), ensure_ascii=False),
        "nodeflow": json.dumps(to_data(workflow), ensure_ascii=False),
    }
