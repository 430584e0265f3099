"""The process that reads what people send, so that nothing foreign is parsed in the server."""

import gc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from typing import Any

from msgspec import json

from nodeflow.graph.problem import WorkflowError
from nodeflow.interop.comfyui_object_info import ObjectInfo
from nodeflow.node.describe import registry_data
from nodeflow.node.editor_module import module_source
from nodeflow.node.folders import Folders
from nodeflow.server.process import documents, models, pictures, prompt
from nodeflow.server.process.answering import Found, Unanswerable
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
    AskModelPicture,
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
from nodeflow.server.refusals import INTERNAL, refused


class Inspector:
    """Answers questions, several at a time; files are read beside the documents."""

    def __init__(self, channel: Channel[ToProcess], setup: Setup) -> None:
        self._channel, self._setup = channel, setup
        self._checks = documents.RecentChecks()
        self._answers: dict[type, Callable[[Any], Found]] = {
            AskNodeTypes: self.node_types,
            AskModule: self.module,
            AskCheck: self.check,
            AskPlan: self.plan,
            AskConvert: lambda asked: documents.convert(asked, self._registry),
            AskYaml: lambda asked: documents.yaml(asked, self._registry),
            AskThumbnail: pictures.thumbnail,
            AskPicture: pictures.picture,
            AskModels: lambda asked: models.models(asked, self._folders("")),
            AskModelPicture: lambda asked: models.model_picture(asked, self._folders("")),
            AskModelHash: lambda asked: models.model_hash(asked, self._folders("")),
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
            reading = (AskThumbnail, AskPicture, AskModels, AskModelPicture, AskRendered, AskMasked,
                       AskTexts)  # fmt: skip
            pools = dict.fromkeys(reading, readers)
            pools[AskModelHash] = hashers
            while (message := self._channel.receive()) is not None:
                if isinstance(message, Ask):
                    pool = pools.get(type(message.question), threads)
                    pool.submit(self._answer, message.id, message.question)
                elif isinstance(message, Refresh):
                    self._registry = told_registry(places, message.deadly, send)
                    self._checks = documents.RecentChecks()
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
            refusal = Refusal(id, error.status, error.code, str(error), error.problems)
            self._channel.send(refusal)
        except pictures.Unreadable as error:
            self._channel.send(Refusal(id, 415, "unsupported_media_type", str(error)))
        except Exception as error:
            known = refused(error)
            if known is None:
                import traceback

                traceback.print_exc()
                known = INTERNAL
            self._channel.send(Refusal(id, *known))

    def _folders(self, user: str) -> Folders:
        return folders_of(self._setup.places, user)

    def check(self, question: AskCheck) -> Found:
        """Read and check, or what that gave a moment ago."""
        checks, registry = self._checks, self._registry
        folders = self._folders(question.user)
        return checks.get(question, lambda: documents.checked(question, registry, folders))

    def plan(self, question: AskPlan) -> Found:
        """Which nodes would run."""
        folders = self._folders(question.user)
        return documents.plan(question, self._registry, folders, self._setup.cache)

    def node_types(self, question: AskNodeTypes) -> Found:
        """All node types, and the digest of the answer."""
        data = registry_data(self._registry, self._folders(question.user))
        digest = blake2b(json.encode(data), digest_size=12).hexdigest()
        return {"digest": digest, **data}, b""

    def module(self, question: AskModule) -> Found:
        """A plugin's JavaScript for the editor."""
        source = module_source(self._registry.nodes.values(), question.plugin, question.file)
        if source is None:
            raise Unanswerable(404, "not_found", "no plugin declares this module")
        return None, source.encode()

    def prompt(self, question: AskPrompt) -> Found:
        """One of ComfyUI's prompts, checked."""
        return prompt.judged(question, self._registry, self._folders(question.user)), b""

    def object_info(self, question: AskObjectInfo) -> Found:
        """Node types as ComfyUI's clients read them."""
        info = ObjectInfo(self._registry, self._folders(question.user))
        if not question.id:
            return info.all(), b""
        spec = self._registry.get(question.id)
        return {} if spec is None else {spec.id: info.node(spec)}, b""
