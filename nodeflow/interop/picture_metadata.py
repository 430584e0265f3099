"""The text chunks of saved pictures: our document, and the graph that ComfyUI reads."""

import json

from nodeflow.graph.document import Workflow
from nodeflow.graph.write import to_data
from nodeflow.interop.comfyui_api import slots_of, to_api
from nodeflow.node.checked import CheckedWorkflow
from nodeflow.node.plugins import Registry


def picture_metadata(
    workflow: Workflow, registry: Registry, checked: CheckedWorkflow | None = None
) -> dict[str, str]:
    """`nodeflow`: the document as JSON; `prompt`: ComfyUI's API graph.

    With `checked` also `depends`: what nodes depend on beside the document, by their names, such
    as the prompt that a seed made of choices and wildcard files.
    """
    outputs = {
        name: [output.name for output in spec.outputs]
        for name, entry in workflow.nodes.items()
        if (spec := registry.get(entry.type)) is not None
    }
    chunks = {} if checked is None else depends(checked)
    return chunks | {
        "prompt": json.dumps(to_api(workflow, slots_of(outputs)), ensure_ascii=False),
        "nodeflow": json.dumps(to_data(workflow), ensure_ascii=False),
    }


def depends(checked: CheckedWorkflow) -> dict[str, str]:
    """The chunk of what nodes depend on, or none."""
    found = {
        name: list(node.spec.declaration.depends(node.literals, checked.folders))
        for name, node in checked.nodes.items()
        if node.spec.declaration.depends is not None
    }
    told = {name: texts for name, texts in found.items() if texts}
    return {"depends": json.dumps(told, ensure_ascii=False)} if told else {}
