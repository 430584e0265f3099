"""`/options`: a user's settings, of which the checkpoint, the VAE and clip skip have an effect."""

from typing import Any

from msgspec import json

from nodeflow.server.a1111.asked import given
from nodeflow.server.a1111.models import checkpoint_named, names_of, vae_named
from nodeflow.server.http.fault import Fault
from nodeflow.server.http.route import Call, Reply
from nodeflow.server.store import values

KIND = "a1111 option"
LIMIT = 200_000
DEFAULTS: dict[str, Any] = {
    "samples_format": "png", "samples_save": False, "sd_vae": "Automatic",
    "CLIP_stop_at_last_layers": 1, "eta_noise_seed_delta": 0, "enable_pnginfo": True,
    "sd_checkpoint_hash": "",
}  # fmt: skip


async def options_of(call: Call) -> dict[str, Any]:
    """All options of the user. Where no checkpoint is chosen it is the first that there is."""
    found = await call.state.database.read(lambda c: values.read_all(c, call.user, KIND))
    if "sd_model_checkpoint" not in found:
        names = await names_of(call, "checkpoints")
        found["sd_model_checkpoint"] = names[0] if names else ""
    return {**DEFAULTS, **found}


async def options(call: Call) -> dict[str, Any]:
    """All options."""
    return await options_of(call)


async def change(call: Call) -> Reply[Any]:
    """Change some; a checkpoint or VAE must be there."""
    changed = await given(call)
    if "sd_model_checkpoint" in changed:
        name = await checkpoint_named(call, str(changed["sd_model_checkpoint"]))
        changed["sd_model_checkpoint"] = name
    if "sd_vae" in changed:
        await vae_named(call, str(changed["sd_vae"]))
    if not all(0 < len(key) <= 200 for key in changed):
        raise Fault(422, "bad_request", "the name of an option has 1 to 200 characters")

    def work(connection: Any) -> None:
        for key, value in changed.items():
            values.write(connection, call.user, KIND, key, value)
        if len(json.encode(values.read_all(connection, call.user, KIND))) > LIMIT:
            raise Fault(413, "too_large", f"all options together have at most {LIMIT:,} bytes")

    await call.state.database.write(work)
    return Reply(None)
