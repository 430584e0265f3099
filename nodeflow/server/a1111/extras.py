"""`/extra-single-image`, `/extra-batch-images`, `/png-info`: pictures enlarged and read."""

import asyncio
from typing import Any

from msgspec import json

from nodeflow.server.a1111 import workflow
from nodeflow.server.a1111.asked import Extras, given, read
from nodeflow.server.a1111.generate import pictures_of, submitted
from nodeflow.server.a1111.models import named
from nodeflow.server.a1111.pictures import decoded, keep
from nodeflow.server.http.fault import Fault
from nodeflow.server.http.route import Call
from nodeflow.server.process.questions import AskTexts

BATCH = 64


async def enlarged(call: Call, asked: Extras) -> str:
    """One picture in base64, enlarged."""
    if asked.gfpgan_visibility or asked.codeformer_visibility:
        raise Fault(422, "unsupported", "there is no face restorer")
    if asked.upscaler_2.lower() != "none" and asked.extras_upscaler_2_visibility:
        raise Fault(422, "unsupported", "two upscalers at once are not supported")
    network = ""
    if asked.upscaler_1.lower() not in workflow.PLAIN:
        network = await named(call, "upscale_models", asked.upscaler_1, "Upscaler")
    document = workflow.upscale(asked, await keep(call, asked.image), network)
    about = {"no": 0, "of": 1, "steps": 0}
    job = await submitted(call, document, "", about)
    images = await pictures_of(call, job, ("",))
    if not images:
        raise Fault(409, "cancelled", "the request was interrupted")
    return images[0]


async def single(call: Call) -> dict[str, Any]:
    """Enlarge one picture."""
    return {"html_info": "", "image": await enlarged(call, read(await given(call), Extras))}


async def batch(call: Call) -> dict[str, Any]:
    """Enlarge several, one after the other."""
    body = await given(call)
    listed = body.get("imageList")
    if not isinstance(listed, list) or not 0 < len(listed) <= BATCH:
        raise Fault(422, "bad_request", f"imageList has 1 to {BATCH} pictures")
    images = []
    for item in listed:
        data = item.get("data") if isinstance(item, dict) else None
        images.append(await enlarged(call, read({**body, "image": data or ""}, Extras)))
    return {"html_info": "", "images": images}


async def png_info(call: Call) -> dict[str, Any]:
    """The texts of a picture, and its generation text taken apart."""
    body = await given(call)
    text = body.get("image")
    if not isinstance(text, str) or not text.strip():
        raise Fault(404, "not_found", "Image not found")
    data = await asyncio.to_thread(decoded, text)
    found: dict[str, Any] = json.decode((await call.state.inspector.ask(AskTexts(data))).body)
    return found
