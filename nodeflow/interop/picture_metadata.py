"""The text chunks of saved pictures: our document, and the graph that ComfyUI reads."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property

from nodeflow.graph.document import Workflow
from nodeflow.graph.problem import WorkflowError
from nodeflow.graph.write import to_data
from nodeflow.interop.comfyui_api import api_graph
from nodeflow.node.checked import CheckedWorkflow
from nodeflow.node.plugins import Registry


def picture_metadata(
    workflow: Workflow, registry: Registry, checked: CheckedWorkflow | None = None
) -> dict[str, str]:
    """`nodeflow`: the document as JSON; `prompt`: ComfyUI's API graph, where it can say it.

    With `checked` also `depends`: what nodes depend on beside the document, by their names, such
    as the prompt that a seed made of choices and wildcard files.
    """
    chunks = {} if checked is None else depends(checked)
    with suppress(WorkflowError):  # lists and loops are nothing that ComfyUI could read
        chunks["prompt"] = json.dumps(api_graph(workflow, registry), ensure_ascii=False)
    return chunks | {"nodeflow": json.dumps(to_data(workflow), ensure_ascii=False)}


class Later(Mapping[str, str]):
    """Texts that are made when they are first asked for: what saves no picture needs none."""

    def __init__(self, make: Callable[[], Mapping[str, str]]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> Mapping[str, str]:
        return self._make()

    def __getitem__(self, key: str) -> str:
        return self._made[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)


def depends(checked: CheckedWorkflow) -> dict[str, str]:
    """The chunk of what nodes depend on, or none."""
    found = {
        name: list(node.spec.declaration.depends(node.literals, checked.folders))
        for name, node in checked.nodes.items()
        if node.spec.declaration.depends is not None
    }
    told = {name: texts for name, texts in found.items() if texts}
    return {"depends": json.dumps(told, ensure_ascii=False)} if told else {}
