"""The inspector's answers about documents: read, checked, planned, converted."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from msgspec import json

from nodeflow.graph.document import Workflow
from nodeflow.graph.edit import apply_named_inputs, set_inputs
from nodeflow.graph.problem import Problem, ProblemCode, WorkflowError
from nodeflow.graph.read_node import reference
from nodeflow.graph.write import to_data, to_yaml
from nodeflow.interop.open import open_data, open_picture, read_any
from nodeflow.node.check import check
from nodeflow.node.folders import Folders
from nodeflow.node.plugins import Registry
from nodeflow.server.process.answering import Found, Unanswerable
from nodeflow.server.process.places import problems_json
from nodeflow.server.process.questions import AskCheck, AskConvert, AskPlan, AskYaml

REMEMBERED, LARGE = 32, 1_000_000
FRESH = 5.0
"""Seconds for which a document that was just checked need not be checked again."""


class RecentChecks:
    """What was found a moment ago: editors ask, and post the same then. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[AskCheck, tuple[float, Found]] = {}

    def get(self, question: AskCheck, find: Callable[[], Found]) -> Found:
        """What `find` gives, or gave."""
        now = time.monotonic()
        known = self._found.get(question)
        if known is not None and now - known[0] < FRESH:
            return known[1]
        found = find()
        # What is wrong may be mended outside of the document, by a file.
        if len(question.document) > LARGE or not found[0]["valid"]:
            return found
        with self._lock:
            self._found[question] = now, found
            while len(self._found) > REMEMBERED:
                self._found.pop(next(iter(self._found)))
        return found


def read(question: AskCheck, registry: Registry) -> Workflow:
    """A document with values on top of it. Raises WorkflowError."""
    workflow = open_data(question.document, registry=registry)
    settings = {}
    for target, value in json.decode(question.set, type=dict[str, Any]).items():
        node, dot, name = target.partition(".")
        if not dot:
            message = f"'{target}' names no input"
            raise WorkflowError([Problem(ProblemCode.CALL, message, expected="node.input")])
        settings[node, name] = reference(value)
    inputs = json.decode(question.inputs, type=dict[str, Any])
    return apply_named_inputs(set_inputs(workflow, settings), inputs)


def checked(question: AskCheck, registry: Registry, folders: Folders) -> Found:
    """Read and check; what is wrong is an answer too."""
    try:
        workflow = read(question, registry)
        found = check(workflow, registry, folders, question.only)
    except WorkflowError as error:
        problems = json.decode(problems_json(error))
        return {"valid": False, "problems": problems, "outputs": [], "order": []}, b""
    body = {
        "valid": True, "problems": [], "outputs": list(found.outputs), "order": list(found.nodes),
        "name": workflow.name,
    }  # fmt: skip
    return body, json.encode(to_data(workflow))


def plan(question: AskPlan, registry: Registry, folders: Folders, cache: str | None) -> Found:
    """Which nodes would run."""
    from nodeflow.server.process.dry_run import dry_run

    workflow = read(question, registry)
    workflow = replace(workflow, source=question.source or workflow.name or question.client)
    found = check(workflow, registry, folders, question.only)
    return dry_run(found, cache, question.device, question.held), b""


def convert(question: AskConvert, registry: Registry) -> Found:
    """Text or a picture's metadata to a document."""
    if question.picture:
        with NamedTemporaryFile(suffix=".png") as file:
            file.write(question.data)
            file.flush()
            try:
                workflow = replace(open_picture(Path(file.name), registry), source=None)
            except WorkflowError as error:
                raise WorkflowError(replace(p, file=None) for p in error.problems) from None
        return {"document": to_data(workflow), "format": "picture", "warnings": []}, b""
    try:
        text = question.data.decode("utf-8")
    except UnicodeDecodeError:
        raise Unanswerable(422, "invalid_workflow", "this is no text in UTF-8") from None
    kind = "comfyui-api" if '"class_type"' in text else "nodeflow"
    workflow = read_any(text, None, registry)
    return {"document": to_data(workflow), "format": kind, "warnings": []}, b""


def yaml(question: AskYaml, registry: Registry) -> Found:
    """A document as it is written to a file."""
    return None, to_yaml(open_data(question.document, registry=registry)).encode()
