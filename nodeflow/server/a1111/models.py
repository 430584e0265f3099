"""Model files by the names that A1111's clients write: with or without folder, ending and hash."""

import re
from typing import Any

from msgspec import json

from nodeflow.server.a1111.names import unknown
from nodeflow.server.http.fault import Fault
from nodeflow.server.http.route import Call
from nodeflow.server.process.questions import AskModels

HASH = re.compile(r"\s*\[[0-9a-f]{6,64}\]$")
NO_VAE = ("", "automatic", "none")


async def models_of(call: Call, kind: str) -> list[dict[str, Any]]:
    """Models of a kind, none where there is no folder of it."""
    kinds = json.decode((await call.state.inspector.ask(AskModels())).body)["kinds"]
    if kind not in kinds:
        return []
    found = json.decode((await call.state.inspector.ask(AskModels(kind))).body)
    return list(found["models"])


async def names_of(call: Call, kind: str) -> list[str]:
    """Names of models of a kind."""
    return [model["name"] for model in await models_of(call, kind)]


def stem(name: str) -> str:
    """The name without folder and ending."""
    last = name.rpartition("/")[2]
    return last.rpartition(".")[0] or last


def match(names: list[str], wanted: str) -> str | None:
    """The name that is meant, or None."""
    plain = HASH.sub("", wanted).strip().lower()
    for form in (str, stem, lambda name: name.rpartition("/")[2]):
        for name in names:
            if form(name).lower() == plain:
                return name
    return None


async def named(call: Call, kind: str, wanted: str, what: str) -> str:
    """The model that is meant. Raises Fault where it is not there."""
    names = await names_of(call, kind)
    found = match(names, wanted)
    if found is None:
        raise Fault(404, "not_found", unknown(what, wanted, [stem(name) for name in names]))
    return found


async def checkpoint_named(call: Call, wanted: str) -> str:
    """A checkpoint."""
    return await named(call, "checkpoints", wanted, "Checkpoint")


async def vae_named(call: Call, wanted: str) -> str:
    """A VAE, or an empty name for the checkpoint's own."""
    return "" if wanted.lower() in NO_VAE else await named(call, "vae", wanted, "VAE")
