"""The process that reads what people send, so that nothing foreign is parsed in the server."""

import gc
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import blake2b, sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from msgspec import DecodeError, json

from nodeflow.graph.edit import apply_named_inputs, set_inputs
from nodeflow.graph.problem import Problem, ProblemCode, WorkflowError
from nodeflow.graph.read_node import reference
from nodeflow.graph.write import to_data, to_yaml
from nodeflow.interop.comfyui_object_info import ObjectInfo
from nodeflow.interop.open import open_data, open_picture, read_any
from nodeflow.node.check import check
from nodeflow.node.describe import registry_data
from nodeflow.node.editor_module import module_source
from nodeflow.server.process import pictures, prompt
from nodeflow.server.process.channel import Channel
from nodeflow.server.process.last_words import leave
from nodeflow.server.process.messages import (
    Answer,
    Ask,
    Ready,
    Refresh,
    Refusal,
    Setup,
    Stop,
    ToProcess,
)
from nodeflow.server.process.places import folders_of, problems_json
from nodeflow.server.process.questions import (
    AnyQuestion,
    AskCheck,
    AskConvert,
    AskGraphs,
    AskMasked,
    AskModelHash,
    AskModels,
    AskModule,
    AskNodeTypes,
    AskObjectInfo,
    AskPicture,
    AskPlan,
    AskPrompt,
    AskRendered,
    AskTexts,
    AskThumbnail,
    AskYaml,
)
from nodeflow.server.process.registry import told_registry
from nodeflow.server.refusals import refused

REMEMBERED, LARGE = 32, 1_000_000
FRESH = 5.0
"""Seconds for which a document that was just checked need not be checked again."""
Found = tuple[Any, bytes]
"""JSON body, blob."""


class Unanswerable(Exception):
    """The question has no answer: an HTTP status, a code, and words."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        self.status, self.code = status, code
        super().__init__(detail)


class Inspector:
    """Answers questions, several at a time; files are read beside the documents."""

    def __init__(self, channel: Channel[ToProcess], setup: Setup) -> None:
        self._channel, self._setup = channel, setup
        self._lock = threading.Lock()
        self._checks: dict[AskCheck, tuple[float, Found]] = {}
        self._answers: dict[type, Callable[[Any], Found]] = {
            AskNodeTypes: self.node_types,
            AskModule: self.module,
            AskCheck: self.check_once,
            AskPlan: self.plan,
            AskConvert: self.convert,
            AskYaml: self.yaml,
            AskThumbnail: pictures.thumbnail,
            AskPicture: pictures.picture,
            AskModels: self.models,
            AskModelHash: self.model_hash,
            AskPrompt: self.prompt,
            AskGraphs: lambda asked: (prompt.graphs(asked, self._registry), b""),
            AskObjectInfo: self.object_info,
            AskRendered: pictures.rendered,
            AskMasked: pictures.masked,
            AskTexts: pictures.texts,
        }

    def serve(self) -> None:
        """Answer until the other side closes."""
        places, send = self._setup.places, self._channel.send
        self._registry = told_registry(places, self._setup.deadly, send)
        self._channel.send(Ready(""))
        gc.freeze()
        with (
            ThreadPoolExecutor(2) as threads,
            ThreadPoolExecutor(2) as readers,
            ThreadPoolExecutor(1) as hashers,
        ):
            pools = dict.fromkeys(
                (AskThumbnail, AskPicture, AskModels, AskRendered, AskMasked, AskTexts), readers
            )
            pools[AskModelHash] = hashers
            while (message := self._channel.receive()) is not None:
                if isinstance(message, Ask):
                    pool = pools.get(type(message.question), threads)
                    pool.submit(self._answer, message.id, message.question)
                elif isinstance(message, Refresh):
                    self._checks.clear()
                    self._registry = told_registry(places, message.deadly, send)
                elif isinstance(message, Stop):
                    return
        leave(0)

    def _answer(self, id: int, question: AnyQuestion) -> None:
        try:
            body, blob = self._answers[type(question)](question)
            self._channel.send(Answer(id, json.encode(body), blob))
        except WorkflowError as error:
            count = len(error.problems)
            detail = str(error.problems[0].message) if count == 1 else f"{count} problems"
            found = problems_json(error)
            self._channel.send(Refusal(id, 422, "invalid_workflow", detail, found))
        except Unanswerable as error:
            self._channel.send(Refusal(id, error.status, error.code, str(error)))
        except pictures.Unreadable as error:
            self._channel.send(Refusal(id, 415, "unsupported_media_type", str(error)))
        except Exception as error:
            known = refused(error)
            if known is None:
                import traceback

                traceback.print_exc()
                known = 500, "internal", f"{type(error).__name__}: {error}"
            self._channel.send(Refusal(id, *known))

    def node_types(self, question: AskNodeTypes) -> Found:
        """All node types, and the digest of the answer."""
        data = registry_data(self._registry, folders_of(self._setup.places, question.user))
        digest = blake2b(json.encode(data), digest_size=12).hexdigest()
        return {"digest": digest, **data}, b""

    def module(self, question: AskModule) -> Found:
        """A plugin's JavaScript for the editor."""
        source = module_source(self._registry.nodes.values(), question.plugin, question.file)
        if source is None:
            raise Unanswerable(404, "not_found", "no plugin declares this module")
        return None, source.encode()

    def check_once(self, question: AskCheck) -> Found:
        """`check`, or what it said a moment ago: editors ask, and post the same then."""
        now = time.monotonic()
        known = self._checks.get(question)
        if known is not None and now - known[0] < FRESH:
            return known[1]
        found = self.check(question)
        if len(question.document) > LARGE:
            return found
        with self._lock:
            self._checks[question] = now, found
            while len(self._checks) > REMEMBERED:
                self._checks.pop(next(iter(self._checks)))
        return found

    def check(self, question: AskCheck) -> Found:
        """Read and check; what is wrong is an answer too."""
        try:
            workflow = self._read(question)
            folders = folders_of(self._setup.places, question.user)
            checked = check(workflow, self._registry, folders, question.only)
        except WorkflowError as error:
            problems = json.decode(problems_json(error))
            return {"valid": False, "problems": problems, "outputs": [], "order": []}, b""
        body = {
            "valid": True,
            "problems": [],
            "outputs": list(checked.outputs),
            "order": list(checked.nodes),
            "name": workflow.name,
        }
        return body, json.encode(to_data(workflow))

    def _read(self, question: AskCheck) -> Any:
        workflow = open_data(question.document, registry=self._registry)
        settings = {}
        for target, value in json.decode(question.set, type=dict[str, Any]).items():
            node, dot, name = target.partition(".")
            if not dot:
                problem = Problem(
                    ProblemCode.CALL, f"'{target}' names no input", expected="node.input"
                )
                raise WorkflowError([problem])
            settings[node, name] = reference(value)
        inputs = json.decode(question.inputs, type=dict[str, Any])
        workflow = set_inputs(workflow, settings)
        return apply_named_inputs(workflow, inputs)

    def plan(self, question: AskPlan) -> Found:
        """Which nodes would run."""
        from nodeflow.server.process.dry_run import dry_run

        workflow = self._read(question)
        workflow = replace(workflow, source=question.source or workflow.name)
        folders = folders_of(self._setup.places, question.user)
        checked = check(workflow, self._registry, folders, question.only)
        return dry_run(checked, self._setup.cache, question.device), b""

    def convert(self, question: AskConvert) -> Found:
        """Text or a picture's metadata to a document."""
        if question.picture:
            with NamedTemporaryFile(suffix=".png") as file:
                file.write(question.data)
                file.flush()
                workflow = replace(open_picture(Path(file.name), self._registry), source=None)
            return {"document": to_data(workflow), "format": "picture", "warnings": []}, b""
        try:
            text = question.data.decode("utf-8")
        except UnicodeDecodeError:
            raise Unanswerable(422, "invalid_workflow", "this is no text in UTF-8") from None
        kind = "comfyui-api" if '"class_type"' in text else "nodeflow"
        workflow = read_any(text, None, self._registry)
        return {"document": to_data(workflow), "format": kind, "warnings": []}, b""

    def yaml(self, question: AskYaml) -> Found:
        """A document as it is written to a file."""
        return None, to_yaml(open_data(question.document, registry=self._registry)).encode()

    def models(self, question: AskModels) -> Found:
        """Models of a kind, or how many there are of each."""
        folders = folders_of(self._setup.places, "")
        kinds = sorted({kind for root in folders.roots for kind in root.folders})
        if not question.kind:
            return {"kinds": {kind: len(folders.model_files(kind)) for kind in kinds}}, b""
        if question.kind not in kinds:
            raise Unanswerable(404, "not_found", f"there are no models of kind '{question.kind}'")
        files = folders.model_files(question.kind)
        chosen = {n: p for n, p in files.items() if question.name in ("", n)}
        if question.name and not chosen:
            raise Unanswerable(404, "not_found", f"there is no model '{question.name}'")
        facts = [model_facts(question.kind, name, path) for name, path in chosen.items()]
        return {"models": facts}, b""

    def prompt(self, question: AskPrompt) -> Found:
        """One of ComfyUI's prompts, checked."""
        folders = folders_of(self._setup.places, question.user)
        return prompt.judged(question, self._registry, folders), b""

    def object_info(self, question: AskObjectInfo) -> Found:
        """Node types as ComfyUI's clients read them."""
        info = ObjectInfo(self._registry, folders_of(self._setup.places, question.user))
        if not question.id:
            return info.all(), b""
        spec = self._registry.get(question.id)
        return {} if spec is None else {spec.id: info.node(spec)}, b""

    def model_hash(self, question: AskModelHash) -> Found:
        """SHA-256 of one file."""
        files = folders_of(self._setup.places, "").model_files(question.kind)
        path = files.get(question.name)
        if path is None or not path.is_file():
            raise Unanswerable(404, "not_found", f"there is no file '{question.name}'")
        digest = sha256()
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
        return {"sha256": digest.hexdigest()}, b""


def model_facts(kind: str, name: str, path: Path) -> dict[str, Any]:
    """Size, age, and the texts of a safetensors header."""
    stat = path.stat()
    metadata: dict[str, str] = {}
    if path.suffix in (".safetensors", ".sft"):
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            if size <= 100_000_000:
                try:
                    header = json.decode(file.read(size), type=dict[str, Any])
                    texts = header.get("__metadata__", {})
                    metadata = {str(k): str(v)[:2000] for k, v in list(texts.items())[:100]}
                except (DecodeError, UnicodeDecodeError, AttributeError):
                    metadata = {"error": "its header is no safetensors header"}
    return {
        "name": name,
        "kind": kind,
        "size": stat.st_size,
        "modified": stat.st_mtime,
        "metadata": metadata,
    }
