"""Lists: what there is to choose from."""

from typing import Any

from nodeflow.server.a1111.models import models_of, stem
from nodeflow.server.a1111.names import LABELS, samplers, schedulers, title_of
from nodeflow.server.a1111.workflow import LATENT, UPSCALERS
from nodeflow.server.comfyui.info import memory
from nodeflow.server.http.fault import Fault
from nodeflow.server.http.route import Call, Reply


async def list_samplers(call: Call) -> list[dict[str, Any]]:
    """Samplers by A1111's names; ours are their aliases."""
    return [{"name": title_of(name), "aliases": [name], "options": {}} for name in samplers()]


async def list_schedulers(call: Call) -> list[dict[str, Any]]:
    """Schedulers."""
    found = [("automatic", "Automatic"), *((name, LABELS[name]) for name in schedulers())]
    return [
        {
            "name": name, "label": label, "aliases": None, "default_rho": -1.0,
            "need_inner_model": False,
        }
        for name, label in found
    ]  # fmt: skip


async def sd_models(call: Call) -> list[dict[str, Any]]:
    """Checkpoints."""
    return [
        {
            "title": model["name"], "model_name": stem(model["name"]), "hash": None,
            "sha256": None, "filename": model["name"], "config": None,
        }
        for model in await models_of(call, "checkpoints")
    ]  # fmt: skip


async def sd_vae(call: Call) -> list[dict[str, Any]]:
    """VAEs."""
    return [
        {"model_name": model["name"], "filename": model["name"]}
        for model in await models_of(call, "vae")
    ]


async def loras(call: Call) -> list[dict[str, Any]]:
    """LoRAs with the texts of their headers."""
    return [
        {
            "name": stem(model["name"]), "alias": stem(model["name"]), "path": model["name"],
            "metadata": model["metadata"],
        }
        for model in await models_of(call, "loras")
    ]  # fmt: skip


async def embeddings(call: Call) -> dict[str, Any]:
    """Textual inversions."""
    about = {
        "step": None, "sd_checkpoint": None, "sd_checkpoint_name": None, "shape": None,
        "vectors": None,
    }  # fmt: skip
    names = [stem(model["name"]) for model in await models_of(call, "embeddings")]
    return {"loaded": dict.fromkeys(names, about), "skipped": {}}


async def upscalers(call: Call) -> list[dict[str, Any]]:
    """Upscalers, those without a network first."""
    networks = [stem(model["name"]) for model in await models_of(call, "upscale_models")]
    plain = [(name, None, scale) for name, scale in UPSCALERS.items()]
    return [
        {
            "name": name, "model_name": model, "model_path": None, "model_url": None,
            "scale": scale,
        }
        for name, model, scale in [*plain, *((name, name, 4) for name in networks)]
    ]  # fmt: skip


async def latent_modes(call: Call) -> list[dict[str, str]]:
    """How a latent is enlarged."""
    return [{"name": name.capitalize()} for name in LATENT]


async def memory_used(call: Call) -> dict[str, Any]:
    """Main memory in bytes."""
    total, free = memory()
    ram = {"free": free, "used": total - free, "total": total}
    return {"ram": ram, "cuda": {"error": "unavailable"}}


async def nothing(call: Call) -> list[Any]:
    """There is none of this kind."""
    return []


async def flags(call: Call) -> dict[str, Any]:
    """How the server was started, as far as clients need it."""
    return {"api": True, "nowebui": False, "listen": False}


async def scripts(call: Call) -> dict[str, list[str]]:
    """There are no scripts."""
    return {"txt2img": [], "img2img": []}


async def refresh(call: Call) -> Reply[Any]:
    """Files are looked up whenever they are asked for."""
    return Reply(None)


async def unload(call: Call) -> dict[str, Any]:
    """Drop models and results from memory."""
    call.state.workers.free()
    return {}


async def interrogate(call: Call) -> Any:
    """No model here tells what a picture shows."""
    raise Fault(404, "not_found", "there is no model that describes pictures")
