"""What there is: node types, models, devices, and lists that are empty here."""

import asyncio
import importlib.metadata
import os
import platform
import sys
from pathlib import Path
from typing import Any

from aiohttp import web
from msgspec import json

from nodeflow import __version__
from nodeflow.server.http.fault import Fault
from nodeflow.server.http.route import Call, Reply
from nodeflow.server.process.questions import AskModels, AskObjectInfo

KINDS = (
    "checkpoints", "configs", "loras", "vae", "text_encoders", "diffusion_models", "clip_vision",
    "style_models", "embeddings", "diffusers", "vae_approx", "controlnet", "gligen",
    "upscale_models", "hypernetworks", "photomaker", "classifiers", "model_patches",
    "audio_encoders",
)  # fmt: skip
"""Folders that clients ask for whether there is anything in them or not."""
LEVEL = "0.3.75"
"""The version of ComfyUI whose interface this one is closest to; clients compare it."""


async def object_info(call: Call) -> Reply[Any]:
    """Every node type."""
    return Reply(json=(await call.state.inspector.ask(AskObjectInfo("", call.user))).body)


async def one_object_info(call: Call) -> Reply[Any]:
    """One node type, or an empty object."""
    asked = AskObjectInfo(call.part("id"), call.user)
    return Reply(json=(await call.state.inspector.ask(asked)).body)


async def folders(call: Call) -> list[str]:
    """Kinds of models that there are folders of."""
    return list(json.decode((await call.state.inspector.ask(AskModels())).body)["kinds"])


async def kinds(call: Call) -> list[str]:
    """Kinds of models: those that clients know, and others that there are folders of."""
    return list(dict.fromkeys((*KINDS, *await folders(call))))


async def models_of(call: Call, kind: str) -> list[dict[str, Any]]:
    """Models of a kind. Raises Fault where there is no such kind."""
    if kind in KINDS and kind not in await folders(call):
        return []
    found = json.decode((await call.state.inspector.ask(AskModels(kind))).body)
    return list(found["models"])


async def models(call: Call) -> list[str]:
    """Names of models of a kind."""
    return [model["name"] for model in await models_of(call, call.part("kind"))]


async def model_folders(call: Call) -> list[dict[str, Any]]:
    """Kinds of models as the frontend's library asks for them; where they lie is not told."""
    return [{"name": kind, "folders": []} for kind in await kinds(call)]


async def model_files(call: Call) -> list[dict[str, Any]]:
    """Models of a kind as the frontend's library asks for them."""
    return [
        {
            "name": model["name"], "pathIndex": 0, "size": model["size"],
            "modified": model["modified"],
        }
        for model in await models_of(call, call.part("kind"))
    ]  # fmt: skip


async def embeddings(call: Call) -> list[str]:
    """Names of embeddings as prompts write them."""
    return [model["name"].rpartition(".")[0] for model in await models_of(call, "embeddings")]


async def view_metadata(call: Call) -> Any:
    """The texts of a model's header."""
    filename = call.request.query.get("filename")
    if not filename:
        raise Fault(404, "not_found", "the query: say which filename")
    asked = AskModels(call.part("kind"), filename)
    found = json.decode((await call.state.inspector.ask(asked)).body)
    if not found["models"][0]["metadata"]:
        raise Fault(404, "not_found", "the file has no texts")
    return found["models"][0]["metadata"]


async def empty_list(call: Call) -> list[Any]:
    """Nothing of this kind is here."""
    return []


async def empty_map(call: Call) -> dict[str, Any]:
    """Nothing of this kind is here."""
    return {}


async def missing(call: Call) -> web.Response:
    """Nothing of this kind is here."""
    raise Fault(404, "not_found", "there is no such thing")


def memory() -> tuple[int, int]:
    """Bytes of main memory: all, and what could be had; 0 where the system does not tell."""
    try:
        text = Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:
        pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
        return pages * size, 0
    found = {
        line.partition(":")[0]: int(line.split()[1]) * 1024
        for line in text.splitlines()
        if line.split()[1].isdigit()
    }
    return found["MemTotal"], found["MemAvailable"]


async def graphics() -> list[tuple[str, int, int]]:
    """NVIDIA devices: name, bytes of memory, bytes free; none where the driver's tool is not."""
    query = "--query-gpu=name,memory.total,memory.free"
    try:
        process = await asyncio.create_subprocess_exec(
            "nvidia-smi", query, "--format=csv,noheader,nounits",
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        async with asyncio.timeout(10):
            text, _ = await process.communicate()
    except (OSError, TimeoutError):
        return []
    rows = [line.rsplit(",", 2) for line in text.decode().splitlines() if line.count(",") >= 2]
    return [(name.strip(), int(all) << 20, int(free) << 20) for name, all, free in rows]


async def devices(call: Call) -> list[dict[str, Any]]:
    """The workers' devices, each once."""
    total, free = await asyncio.to_thread(memory)
    names = list(dict.fromkeys(w.device for w in call.state.workers.list if w.device != "auto"))
    cards = await graphics() if any(name.startswith("cuda") for name in names) else []
    found = []
    for name in names:
        kind, _, number = name.partition(":")
        index = int(number or 0)
        known = kind == "cuda" and index < len(cards)
        card = cards[index] if known else (kind, total, free)
        held = sum(w.process.memory for w in call.state.workers.list if w.device == name)
        found.append(
            {
                "name": f"{name} {card[0]}" if kind == "cuda" else kind, "type": kind,
                "index": index, "vram_total": card[1], "vram_free": card[2],
                "torch_vram_total": held, "torch_vram_free": 0,
            }
        )  # fmt: skip
    return found


async def system_stats(call: Call) -> dict[str, Any]:
    """The machine."""
    total, free = await asyncio.to_thread(memory)
    return {
        "system": {
            "os": {"linux": "posix"}.get(sys.platform, sys.platform),
            "ram_total": total,
            "ram_free": free,
            "comfyui_version": LEVEL,
            "nodeflow_version": __version__,
            "python_version": platform.python_version(),
            "pytorch_version": importlib.metadata.version("torch"),
            "embedded_python": False,
            "argv": ["nodeflow", "serve"],
        },
        "devices": await devices(call),
    }
