"""Clients that others have written and published, unchanged, against this server."""

import asyncio
import io
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import aiohttp
import pytest
from comfy_api_simplified import ComfyApiWrapper, ComfyWorkflowWrapper
from comfy_api_simplified.exceptions import ComfyApiError
from comfy_toolkit import ComfyClient as ToolkitClient
from comfy_toolkit.errors import ComfyExecutionError, ComfySubmitError
from comfyui_async_api_tool import ComfyClient as AsyncClient
from PIL import Image, ImageDraw
from sd_backend_client import A1111Webservice, ComfyUiWebservice, DiffusionParams

from tests.server.comfyui.talking import begun, picture, slow
from tests.server.serving import ALICE, Serving


def check(data: bytes) -> None:
    assert Image.open(io.BytesIO(data)).size == (64, 64)


def test_comfy_api_simplified(comfy: Serving, tmp_path: Path) -> None:
    api = ComfyApiWrapper(f"http://127.0.0.1:{comfy.port}")
    workflow = ComfyWorkflowWrapper(picture(seed=31, prefix="simplified"))
    workflow.set_node_param("KSampler", "steps", 1)
    id, _ = asyncio.run(api.queue_prompt_and_wait(workflow))
    files = api.get_history(id)[id]["outputs"]["9"]["images"]
    check(api.get_image(files[0]["filename"], files[0]["subfolder"], files[0]["type"]))
    again = api.queue_and_wait_images(workflow, "Save Image")  # all of it is known by now
    assert set(again) == {files[0]["filename"]}
    check(next(iter(again.values())))
    source = tmp_path / "source.png"
    Image.new("RGB", (8, 8)).save(source)
    assert api.upload_image(source)["subfolder"] == "default_upload_folder"
    assert "KSampler" in api.get_object_info("KSampler")
    assert api.get_queue() == {"queue_running": [], "queue_pending": []}
    assert api.get_system_stats()["devices"] and isinstance(api.get_embeddings(), list)
    running = begun(comfy, api.queue_prompt(slow(30))["prompt_id"])
    waiting = api.queue_prompt(slow(29))["prompt_id"]
    assert api.get_queue_size_before(waiting) == 1
    api.interrupt(), api.interrupt()
    for prompt in (running, waiting):
        comfy.call("POST", f"/api/v1/jobs/{prompt}/cancel")
        assert comfy.call("GET", f"/api/v1/jobs/{prompt}?wait=50").json["state"] == "cancelled"
    with pytest.raises(ComfyApiError):
        api.queue_prompt({"1": {"class_type": "Shoe", "inputs": {}}})


def test_comfy_api_simplified_with_the_token_as_password(users_server: Serving) -> None:
    server = users_server
    address = f"http://127.0.0.1:{server.port}"
    api = ComfyApiWrapper(address, user="me", password=ALICE)
    graph = ComfyWorkflowWrapper({"1": {"class_type": "Show", "inputs": {"value": "in"}}})
    id, _ = asyncio.run(api.queue_prompt_and_wait(graph))
    assert api.get_history(id)[id]["outputs"] == {"1": {"text": ["in"]}}
    with pytest.raises(ComfyApiError, match="401"):
        ComfyApiWrapper(address, user="me", password="guess").get_queue()
    assert server.call("GET", "/queue", token="").status == 401
    with urlopen(f"{address}/api/queue?token={ALICE}") as answer:
        assert answer.status == 200


def test_comfy_toolkit(comfy: Serving, tmp_path: Path) -> None:
    client = ToolkitClient(f"http://127.0.0.1:{comfy.port}", timeout=60)
    assert client.is_online() and client.queue_status() == {"running": 0, "pending": 0}
    id = client.submit(picture(seed=32, steps=1, prefix="toolkit"))
    images = client.wait_for_images(id, poll_interval=0.05)
    check(client.download(images[0]))
    assert client.vram_stats()["vram_total"] > 0 and client.system_stats()["system"]
    assert client.history(id)["outputs"] and client.result(id)["status"] == "completed"
    check(Path(client.save(images[0], tmp_path / "saved.png")).read_bytes())
    assert client.submit_and_track(picture(seed=35, steps=2))["status"] == "completed"
    stopped = begun(comfy, client.submit(slow(30)))
    client.interrupt()
    assert comfy.call("GET", f"/api/v1/jobs/{stopped}?wait=50").json["state"] == "cancelled"
    with pytest.raises(ComfySubmitError, match="missing_node_type"):
        client.submit({"1": {"class_type": "Shoe", "inputs": {}}})
    broken = client.submit({"1": {"class_type": "Broken", "inputs": {}}})
    with pytest.raises(ComfyExecutionError):
        client.wait(broken, poll_interval=0.05)


def test_comfyui_async_api_tool(comfy: Serving) -> None:
    async def run() -> list[dict[str, Any]]:
        async with aiohttp.ClientSession() as session:
            client = AsyncClient(session, f"http://127.0.0.1:{comfy.port}")
            picked = await client.pick_server()
            assert picked is not None and picked["load"] == 0
            source = io.BytesIO()
            Image.new("RGB", (8, 8)).save(source, "PNG")
            uploaded = await client.upload_image(picked["ip"], source.getvalue())
            assert uploaded["type"] == "input" and uploaded["name"].endswith(".png")
            graph = picture(seed=33, steps=1, prefix="async")
            return [event async for event in client.run(graph, values={"3": {"seed": 34}})]

    events = asyncio.run(run())
    assert [event["type"] for event in events if event["type"] != "progress"] == ["start", "image"]
    check(events[-1]["data"])
    assert events[-1]["generation_ms"] >= 0


@pytest.mark.parametrize("surface", [ComfyUiWebservice, A1111Webservice])
def test_sd_backend_client(comfy: Serving, surface: Any) -> None:
    backend = surface(f"http://127.0.0.1:{comfy.port}")
    names = [option.name for option in backend.list_checkpoints()]
    assert names == ["tiny-emoji.safetensors"]
    assert backend.list_samplers() and backend.list_schedulers() and backend.list_loras()
    source, mask = Image.new("RGB", (64, 64), (200, 30, 30)), Image.new("L", (64, 64), 0)
    ImageDraw.Draw(mask).rectangle((32, 32, 63, 63), fill=255)
    common: dict[str, Any] = {
        "prompt": "an apple", "steps": 2, "width": 64, "height": 64, "seed": 41,
        "sd_model_name": names[0],
    }  # fmt: skip
    handles = [
        backend.submit_txt2img(DiffusionParams(**common, batch_size=2)),
        backend.submit_img2img(DiffusionParams(**common, init_images=[source])),
        backend.submit_inpaint(DiffusionParams(**common, init_images=[source], mask=mask)),
    ]
    made = [handle.wait(timeout=60, poll_interval=0.02).images for handle in handles]
    assert [len(images) for images in made] == [2, 1, 1]
    assert all(image.size == (64, 64) for images in made for image in images)


@pytest.mark.parametrize("surface", [ComfyUiWebservice, A1111Webservice])
def test_every_list_of_sd_backend_client(comfy: Serving, surface: Any) -> None:
    backend = surface(f"http://127.0.0.1:{comfy.port}")
    lists = [name for name in dir(backend) if name.startswith("list_")]
    assert len(lists) > 6 and all(isinstance(getattr(backend, n)(), list) for n in lists)
    assert backend.get_capabilities().scheduler
    source = Image.new("RGB", (32, 32), "red")
    if surface is A1111Webservice:
        assert backend.get_config()["sd_model_checkpoint"] and backend.get_upscalers()
        assert backend.get_samplers() and backend.get_scripts() and backend.progress_check()
        backend.set_config({"CLIP_stop_at_last_layers": 1})
        backend.refresh_checkpoints(), backend.refresh_loras(), backend.refresh_vae()
        [big] = backend.submit_upscale(source, 64, 64).wait(timeout=60).images
        assert big.size == (64, 64)
        return
    assert backend.get_queue_info().queue_running == [] and backend.get_model_types()
    assert backend.is_node_available("KSampler") and backend.get_system_stats().system
    backend.free_memory()
    ref = backend.upload_image(source, "backend.png")
    mask = backend.upload_mask(Image.new("RGBA", (32, 32), (0, 0, 0, 9)), ref)
    assert [image.size for image in backend.download_images([ref, mask])] == [(32, 32)] * 2
