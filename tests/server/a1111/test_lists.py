"""Lists, options, names both ways, and a published client."""

import asyncio
from typing import Any, get_args

import pytest
import webuiapi
from PIL import Image

from nodeflow.diffusion.samplers.names import SamplerName
from nodeflow.diffusion.schedule.names import SchedulerName
from nodeflow.interop.infotext import sampler_of
from nodeflow.server.a1111.names import LABELS, samplers, sampling_of, title_of
from nodeflow.server.a1111.routes import GET
from nodeflow.server.a1111.workflow import start_of
from nodeflow.server.http.fault import Fault
from tests.server.serving import ALICE, Serving


def test_every_sampler_has_a_name_that_leads_back() -> None:
    assert set(samplers()) == set(get_args(SamplerName))
    assert set(LABELS) == set(get_args(SchedulerName))
    for sampler in samplers():
        assert sampling_of(title_of(sampler), "Automatic").sampler == sampler
        assert sampling_of(sampler, "karras").scheduler == "karras"
    for scheduler, label in LABELS.items():
        assert sampling_of("Euler", label).scheduler == scheduler
    old = sampling_of("DPM++ 2M SDE Karras", "Automatic")
    assert (old.sampler, old.scheduler, old.title) == ("dpmpp_2m_sde", "karras", "DPM++ 2M SDE")
    assert sampling_of("DPM++ 2M", "automatic").scheduler == "karras"
    for name, schedule in (("Eulr", ""), ("Euler", "Kara")):
        with pytest.raises(Fault, match="nearest"):
            sampling_of(name, schedule)


def test_pictures_texts_are_read_back_to_the_same_sampler() -> None:
    for title in ("Euler a", "DPM++ 2M SDE", "UniPC", "DDIM", "LCM"):
        ours = sampling_of(title, "Karras")
        assert sampler_of({"Sampler": ours.title, "Schedule type": ours.label})[0] == ours.sampler


def test_the_first_step_is_that_of_the_strength() -> None:
    assert [start_of(20, s) for s in (0.0, 0.5, 0.75, 1.0)] == [19, 9, 4, 0]
    assert start_of(1, 0.5) == 0


def test_lists(webui: Serving) -> None:
    def get(name: str) -> object:
        answer = webui.call("GET", f"/sdapi/v1/{name}")
        assert answer.status == 200, name
        return answer.json

    models = get("sd-models")
    assert isinstance(models, list) and models[0]["model_name"] == "tiny-emoji"
    listed = get("samplers")
    assert isinstance(listed, list) and listed[0]["name"] == "Euler a"
    assert listed[0]["aliases"] == ["euler_ancestral"]
    kinds = get("schedulers")
    assert isinstance(kinds, list) and [k["label"] for k in kinds][:2] == ["Automatic", "Uniform"]
    upscalers = get("upscalers")
    assert isinstance(upscalers, list)
    assert [u["name"] for u in upscalers] == [
        "None",
        "Lanczos",
        "Nearest",
        "tiny-upscale-4x",
    ]
    for name in ("sd-vae", "hypernetworks", "face-restorers", "prompt-styles",
                 "realesrgan-models", "script-info", "extensions"):  # fmt: skip
        assert get(name) == []
    loras = get("loras")
    assert isinstance(loras, list) and "tiny-flat" in [lora["name"] for lora in loras]
    assert get("embeddings") == {"loaded": {}, "skipped": {}}
    assert get("scripts") == {"txt2img": [], "img2img": []}
    memory = get("memory")
    assert isinstance(memory, dict) and memory["ram"]["total"] > memory["ram"]["free"] > 0
    assert get("latent-upscale-modes") and get("cmd-flags")
    for name in ("refresh-checkpoints", "refresh-loras", "unload-checkpoint"):
        assert webui.call("POST", f"/sdapi/v1/{name}").status == 200
    assert webui.call("POST", "/sdapi/v1/interrogate", {}).status == 404
    assert webui.call("GET", "/sdapi/v1/nothing").status == 404


def test_options_are_kept(webui: Serving) -> None:
    path = "/sdapi/v1/options"
    assert webui.call("GET", path).json["sd_model_checkpoint"] == "tiny-emoji.safetensors"
    changed = {"sd_model_checkpoint": "Tiny-Emoji [abcdef1234]", "CLIP_stop_at_last_layers": 2}
    answer = webui.call("POST", path, changed)
    assert answer.status == 200 and answer.json is None
    options = webui.call("GET", path).json
    assert options["sd_model_checkpoint"] == "tiny-emoji.safetensors"
    assert options["CLIP_stop_at_last_layers"] == 2
    assert webui.call("POST", path, {"sd_model_checkpoint": "none"}).status == 404
    assert webui.call("POST", path, {"sd_vae": "none.pt"}).status == 404
    webui.call("POST", path, {"CLIP_stop_at_last_layers": 1})


def test_webuiapi(webui: Serving) -> None:
    api = webuiapi.WebUIApi(host="127.0.0.1", port=webui.port, sampler="Euler a", steps=2)
    made = api.txt2img(prompt="an apple", seed=4, width=64, height=64, cfg_scale=4)
    assert made.image.size == (64, 64) and made.info["seed"] == 4
    assert made.parameters["prompt"] == "an apple"
    again = api.img2img(images=[made.image], prompt="a pear", seed=5, width=64, height=64)
    assert again.image.size == (64, 64)
    mask = Image.new("L", (64, 64), 255)
    over = api.img2img(images=[made.image], mask_image=mask, prompt="x", width=64, height=64)
    assert over.image.size == (64, 64)
    big = api.extra_single_image(made.image, upscaler_1="Lanczos", upscaling_resize=2)
    assert big.image.size == (128, 128)
    assert "an apple" in api.png_info(made.image).info
    assert "Euler a" in api.util_get_sampler_names()
    api.util_set_model("tiny")
    assert api.util_get_current_model() == "tiny-emoji.safetensors"
    assert api.get_progress()["progress"] == 0
    api.util_wait_for_ready()
    api.interrupt()
    with pytest.raises(RuntimeError, match="404"):
        api.txt2img(sampler_name="none")


def test_every_list_of_webuiapi(webui: Serving) -> None:
    api = webuiapi.WebUIApi(host="127.0.0.1", port=webui.port, sampler="Euler a", steps=1)
    for name in (
        "cmd_flags", "embeddings", "face_restorers", "hypernetworks", "latent_upscale_modes",
        "loras", "memory", "options", "progress", "prompt_styles", "realesrgan_models",
        "samplers", "schedulers", "scripts", "sd_models", "sd_vae", "upscalers",
    ):  # fmt: skip
        found = getattr(api, f"get_{name}")()
        assert "detail" not in found, name
    assert api.util_get_model_names() == ["tiny-emoji.safetensors"]
    assert "karras" in api.util_get_scheduler_names()
    api.refresh_checkpoints(), api.skip(), api.check_extensions()
    assert not (api.has_controlnet or api.has_adetailer or api.has_animatediff)
    api.set_options({"CLIP_stop_at_last_layers": 1})
    made = api.txt2img(prompt="a cup", seed=8, width=64, height=64, styles=[], enable_hr=True,
                       hr_scale=1.5, hr_upscaler=webuiapi.HiResUpscaler.Latent,
                       hr_second_pass_steps=1, denoising_strength=0.5)  # fmt: skip
    assert made.image.size == (96, 96)
    both = api.extra_batch_images([made.image] * 2, upscaler_1=webuiapi.Upscaler.Lanczos)
    assert [image.size for image in both.images] == [(192, 192)] * 2
    with pytest.raises(RuntimeError, match="no model that describes pictures"):
        api.interrogate(made.image)

    async def later() -> Any:
        return await api.txt2img(prompt="a cup", seed=8, width=64, height=64, use_async=True)

    assert asyncio.run(later()).image.size == (64, 64)


def test_every_route_of_a_list_answers(webui: Serving) -> None:
    for name in GET:
        assert webui.call("GET", f"/sdapi/v1/{name}").status == 200, name
    for name in ("refresh-checkpoints", "refresh-vae", "refresh-loras", "refresh-embeddings",
                 "unload-checkpoint", "reload-checkpoint", "skip", "interrupt"):  # fmt: skip
        assert webui.call("POST", f"/sdapi/v1/{name}").status == 200, name
    for path in ("/sdapi/v1/nothing", "/sdapi/v1/create/embedding", "/controlnet/detect"):
        for method in ("GET", "POST"):
            assert webui.call(method, path).status == 404, path
    wrong = webui.call("DELETE", "/queue")
    assert wrong.status == 405 and wrong.headers["allow"] == "GET,HEAD,POST"


def test_webuiapi_with_the_token_as_password(users_server: Serving) -> None:
    port = users_server.port
    api = webuiapi.WebUIApi(host="127.0.0.1", port=port, username="me", password=ALICE)
    assert api.get_sd_models()
    assert users_server.call("GET", "/sdapi/v1/sd-models", token="").status == 401
