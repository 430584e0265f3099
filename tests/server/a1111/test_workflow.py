"""The shipped workflows filled in: how models are linked, and what stands in a picture."""

import io
from dataclasses import replace

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from nodeflow.server.a1111 import workflow
from nodeflow.server.a1111.asked import Extras, Img2Img, Txt2Img
from nodeflow.server.a1111.names import sampling_of
from nodeflow.server.a1111.pictures import Given, with_parameters
from nodeflow.server.a1111.workflow import Chosen
from nodeflow.server.http.fault import Fault

CHOSEN = Chosen("some.safetensors", sampling_of("Euler a", "Karras"), seed=7, count=2)


def test_loras_clip_skip_and_vae_stand_between() -> None:
    asked = Txt2Img(prompt="a <lora:One:0.5> cat", negative_prompt="<lora:two:0.3:0.2>bad")
    loras = {"One": "sub/One.safetensors", "two": "two.safetensors"}
    chosen = replace(CHOSEN, vae="v.safetensors", clip_skip=2, loras=loras)
    nodes = workflow.txt2img(asked, chosen)["nodes"]
    assert nodes["positive"]["text"] == "a  cat" and nodes["negative"]["text"] == "bad"
    assert nodes["lora_0"]["model"] == "$checkpoint.MODEL"
    assert nodes["lora_0"]["lora_name"] == "sub/One.safetensors"
    assert nodes["lora_0"]["strength_model"] == nodes["lora_0"]["strength_clip"] == 0.5
    assert nodes["lora_1"]["clip"] == "$lora_0.CLIP" and nodes["lora_1"]["strength_clip"] == 0.3
    assert nodes["lora_1"]["strength_model"] == 0.2
    assert nodes["sampler"]["model"] == "$lora_1.MODEL"
    assert nodes["clip_skip"]["clip"] == "$lora_1.CLIP"
    assert nodes["clip_skip"]["stop_at_clip_layer"] == -2
    assert nodes["positive"]["clip"] == nodes["negative"]["clip"] == "$clip_skip"
    assert nodes["image"]["vae"] == "$vae" and nodes["vae"]["vae_name"] == "v.safetensors"
    plain = workflow.txt2img(Txt2Img(prompt="$x"), CHOSEN)["nodes"]
    assert plain["positive"] == {
        "node": "CLIPTextEncodeA1111", "clip": "$checkpoint.CLIP", "text": "$$x", "steps": 50,
    }  # fmt: skip
    assert plain["empty"]["batch_size"] == 2 and plain["canvas"]["seeds"] == "7"


def test_the_second_pass_may_use_a_network() -> None:
    asked = Txt2Img(enable_hr=True, hr_upscaler="4x", hr_second_pass_steps=10, steps=20)
    chosen = replace(CHOSEN, upscaler="4x.safetensors", second=sampling_of("DPM++ 2M", ""))
    nodes = workflow.txt2img(asked, chosen)["nodes"]
    assert nodes["network"]["model_name"] == "4x.safetensors"
    assert nodes["scaled"]["image"] == "$by_network" and nodes["scaled"]["width"] == 1024
    second = nodes["sampler"]
    assert second["latent_image"] == "$redone" and second["sampler_name"] == "dpmpp_2m"
    assert (second["steps"], second["start_at_step"]) == (10, 2)
    assert nodes["first"]["sampler_name"] == "euler_ancestral" and nodes["first"]["steps"] == 20
    assert workflow.target_size(Txt2Img(hr_resize_x=300, width=100, height=50)) == (296, 144)


def test_extras_and_masks_choose_their_parts() -> None:
    picture = Given("a.png [temp]", 30, 20)
    nodes = workflow.upscale(Extras(upscaler_1="net"), picture, "net.safetensors")["nodes"]
    assert (nodes["image"]["width"], nodes["image"]["height"]) == (60, 40)
    assert nodes["image"]["image"] == "$by_network"
    with pytest.raises(Fault, match="out of range"):
        workflow.upscale(Extras(upscaling_resize=1e9), picture, "")
    asked = Img2Img(inpainting_mask_invert=1, inpaint_full_res=False, width=96, height=64)
    nodes = workflow.img2img(asked, CHOSEN, picture, picture)["nodes"]
    assert nodes["masked"]["mask"] == nodes["image"]["mask"] == "$inverted"
    assert nodes["encoded"]["pixels"] == nodes["image"]["image"] == "$scaled"
    assert nodes["image"]["width"] == 96


def test_a_pictures_text_is_replaced() -> None:
    chunks, out = PngInfo(), io.BytesIO()
    chunks.add_text("parameters", "old")
    chunks.add_text("prompt", "kept")
    Image.new("RGB", (3, 2), (1, 2, 3)).save(out, "PNG", pnginfo=chunks)
    for text in ("plain\nSteps: 1", "火 ü"):
        made = Image.open(io.BytesIO(with_parameters(out.getvalue(), text)))
        assert made.info["parameters"] == text and made.info["prompt"] == "kept"
        assert made.getpixel((2, 1)) == (1, 2, 3)
