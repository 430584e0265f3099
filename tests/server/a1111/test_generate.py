"""txt2img, img2img, extras, png-info, progress and interruption over real sockets."""

import base64
import io
import json
import threading
import time
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageDraw

from nodeflow.interop.infotext import read_infotext
from tests.server.serving import Answer, Serving

SMALL = {"width": 64, "height": 64, "steps": 2, "cfg_scale": 4, "sampler_name": "Euler"}


def post(server: Serving, route: str, **body: Any) -> Answer:
    """Post to a route of this surface."""
    return server.call("POST", f"/sdapi/v1/{route}", body)


def done(server: Serving, route: str, **body: Any) -> Any:
    """The answer of a request that goes well."""
    answer = post(server, route, **body)
    assert answer.status == 200, answer.body
    return answer.json


def opened(text: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(text)))


def encoded(picture: Image.Image) -> str:
    out = io.BytesIO()
    picture.save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()


def checkered(size: int = 64) -> Image.Image:
    picture = Image.new("RGB", (size, size), (200, 30, 30))
    ImageDraw.Draw(picture).rectangle((0, 0, size // 2, size // 2), fill=(20, 40, 220))
    return picture


def same(a: Image.Image, b: Image.Image) -> bool:
    return not ImageChops.difference(a.convert("RGB"), b.convert("RGB")).getbbox()


def test_pictures_have_seeds_and_texts_of_their_own(webui: Serving) -> None:
    asked = {**SMALL, "prompt": "a red apple", "negative_prompt": "blur, noise", "seed": 5}
    found = done(webui, "txt2img", **asked, batch_size=2, n_iter=2)
    assert set(found) == {"images", "parameters", "info"} and len(found["images"]) == 4
    assert found["parameters"] == {**asked, "batch_size": 2, "n_iter": 2}
    info = json.loads(found["info"])
    assert info["all_seeds"] == [5, 6, 7, 8] and info["seed"] == 5
    assert info["sampler_name"] == "Euler" and info["sd_model_name"] == "tiny-emoji"
    assert len(info["infotexts"]) == 4 and info["negative_prompt"] == "blur, noise"
    pictures = [opened(text) for text in found["images"]]
    assert all(picture.size == (64, 64) for picture in pictures)
    for picture, text, seed in zip(pictures, info["infotexts"], info["all_seeds"], strict=True):
        assert picture.info["parameters"] == text
        read = read_infotext(text)
        assert read.prompt == "a red apple" and read.negative == "blur, noise"
        assert read.settings["Seed"] == str(seed) and read.settings["Size"] == "64x64"
        assert read.settings["Steps"] == "2" and read.settings["Schedule type"] == "Automatic"
    alone = done(webui, "txt2img", **{**asked, "seed": 7})
    assert same(opened(alone["images"][0]), pictures[2])
    assert not same(pictures[0], pictures[1])


def test_a_seed_is_drawn_where_none_is_given(webui: Serving) -> None:
    found = done(webui, "txt2img", **SMALL, prompt="$dollar 火", seed=-1, send_images=False)
    assert found["images"] == [] and 0 <= json.loads(found["info"])["seed"] < 2**32


def test_a_lora_and_clip_skip_change_the_picture(webui: Serving) -> None:
    def drawn(prompt: str, **more: Any) -> Image.Image:
        found = done(webui, "txt2img", **SMALL, seed=6, prompt=prompt, **more)
        return opened(found["images"][0])

    plain = drawn("a house")
    assert same(plain, drawn("a house <lora:tiny-flat:0>"))
    assert not same(plain, drawn("a house <lora:tiny-flat:1>"))
    assert not same(plain, drawn("a house", override_settings={"CLIP_stop_at_last_layers": 2}))


def test_the_second_pass_enlarges(webui: Serving) -> None:
    asked = {**SMALL, "prompt": "a cat", "seed": 3, "enable_hr": True, "hr_scale": 1.5}
    for name in ("Latent", "Lanczos"):
        found = done(webui, "txt2img", **asked, hr_upscaler=name, denoising_strength=0.5)
        assert opened(found["images"][0]).size == (96, 96)
        text = json.loads(found["info"])["infotexts"][0]
        assert read_infotext(text).settings["Hires upscaler"] == name
    sized = done(webui, "txt2img", **asked, hr_resize_x=128, hr_resize_y=80, hr_scheduler="Karras")
    assert opened(sized["images"][0]).size == (128, 80)


def test_a_picture_is_redrawn(webui: Serving) -> None:
    source = checkered()
    asked = {**SMALL, "prompt": "an apple", "seed": 1, "steps": 4}
    images = {}
    for strength in (0.0, 1.0):
        found = done(
            webui, "img2img", **asked, init_images=[encoded(source)], denoising_strength=strength
        )
        images[strength] = opened(found["images"][0])
        assert "init_images" not in found["parameters"]

    def far(picture: Image.Image) -> float:
        data = ImageChops.difference(picture.convert("RGB"), source).convert("L").tobytes()
        return sum(data) / len(data)

    assert far(images[0.0]) < far(images[1.0])
    two = done(
        webui, "img2img", **{**asked, "width": 96}, resize_mode=1, batch_size=2,
        init_images=["data:image/png;base64," + encoded(source)],
    )  # fmt: skip
    assert [opened(text).size for text in two["images"]] == [(96, 64)] * 2


@pytest.mark.parametrize("whole", [False, True])
def test_only_the_masked_part_changes(webui: Serving, whole: bool) -> None:
    source, mask = checkered(128), Image.new("L", (128, 128))
    ImageDraw.Draw(mask).rectangle((64, 64, 127, 127), fill=255)
    found = done(
        webui, "img2img", **{**SMALL, "width": 128, "height": 128}, prompt="a star", seed=2,
        init_images=[encoded(source)], mask=encoded(mask), denoising_strength=0.9, mask_blur=4,
        inpaint_full_res=not whole, batch_size=2,
    )  # fmt: skip
    assert len(found["images"]) == 2
    for text in found["images"]:
        made = opened(text).convert("RGB")
        assert made.size == source.size
        kept = (0, 0, 40, 40)
        assert same(made.crop(kept), source.crop(kept))
        changed = (80, 80, 120, 120)
        assert not same(made.crop(changed), source.crop(changed))


def test_what_is_wrong_is_told(webui: Serving) -> None:
    cases: list[tuple[dict[str, Any], int, str]] = [
        ({"sampler_name": "Eulr"}, 404, "Euler"),
        ({"scheduler": "Karas"}, 404, "Karras"),
        ({"override_settings": {"sd_model_checkpoint": "tiny-emojy"}}, 404, "tiny-emoji"),
        ({"prompt": "a <lora:none:1> cat"}, 404, "LoRA"),
        ({"prompt": "a <lora:tiny-flat:1.2.3> cat"}, 422, "no number"),
        ({"steps": 0}, 422, "steps"),
        ({"width": 10**9}, 422, "width"),
        ({"batch_size": 10**6}, 422, "batch_size"),
        ({"cfg_scale": "much"}, 422, "cfg_scale"),
        ({"alwayson_scripts": {"ADetailer": {"args": [True]}}}, 422, "ADetailer"),
        ({"script_name": "x/y/z plot"}, 422, "x/y/z plot"),
        ({"restore_faces": True}, 422, "face"),
        ({"styles": ["anime"]}, 422, "styles"),
    ]
    for more, status, word in cases:
        answer = post(webui, "txt2img", **{**SMALL, **more})
        assert answer.status == status, (more, answer.body)
        assert set(answer.json) == {"error", "detail", "body", "errors"}
        assert word in answer.json["detail"], (more, answer.json)
    assert post(webui, "img2img", **SMALL).status == 404
    for picture in ("!!!", "https://example.org/a.png", encoded(checkered())[:200]):
        answer = post(webui, "img2img", **SMALL, init_images=[picture])
        assert answer.status in (415, 422), picture
    assert webui.call("POST", "/sdapi/v1/txt2img", b"{").status == 422


def test_a_picture_is_enlarged(webui: Serving) -> None:
    image = encoded(checkered(16))
    by = done(webui, "extra-single-image", image=image, upscaling_resize=3, upscaler_1="Nearest")
    assert opened(by["image"]).size == (48, 48)
    to = done(
        webui, "extra-single-image", image=image, resize_mode=1, upscaling_resize_w=40,
        upscaling_resize_h=24, upscaler_1="Lanczos",
    )  # fmt: skip
    assert opened(to["image"]).size == (40, 24)
    listed = [{"data": image, "name": "a"}, {"data": image, "name": "b"}]
    both = done(webui, "extra-batch-images", imageList=listed, upscaler_1="None")
    assert [opened(text).size for text in both["images"]] == [(32, 32)] * 2
    assert post(webui, "extra-single-image", image=image, upscaler_1="ESRGN").status == 404
    assert post(webui, "extra-single-image", image=image, upscaling_resize=1e6).status == 422


def test_png_info_reads_what_was_written(webui: Serving) -> None:
    found = done(webui, "txt2img", **SMALL, prompt="a dog, big", seed=9)
    told = done(webui, "png-info", image=found["images"][0])
    assert told["info"] == json.loads(found["info"])["infotexts"][0]
    assert told["parameters"]["Prompt"] == "a dog, big" and told["parameters"]["Seed"] == "9"
    assert "nodeflow" in told["items"] and told["items"]["parameters"] == told["info"]
    assert done(webui, "png-info", image=encoded(checkered()))["info"] == ""
    assert post(webui, "png-info", image="").status == 404


def test_saved_pictures_go_to_the_output_folder(webui: Serving) -> None:
    done(webui, "txt2img", **SMALL, prompt="kept", seed=1, save_images=True)
    files = webui.call("GET", "/api/v1/files/output?prefix=txt2img").json["files"]
    assert [file["path"] for file in files] == ["txt2img_00001_.png"]


def test_progress_is_told_and_a_request_interrupted(webui: Serving) -> None:
    idle = webui.call("GET", "/sdapi/v1/progress").json
    assert idle["progress"] == 0 and idle["state"]["job_count"] == 0
    found: list[Any] = []
    asked = {**SMALL, "steps": 3000, "seed": 77, "prompt": "long", "n_iter": 2}
    thread = threading.Thread(target=lambda: found.append(done(webui, "txt2img", **asked)))
    thread.start()
    end = time.monotonic() + 120
    while time.monotonic() < end:
        told = webui.call("GET", "/sdapi/v1/progress").json
        if told["current_image"] is not None:
            break
        time.sleep(0.02)
    assert 0 < told["progress"] < 1 and told["state"]["job_count"] == 2
    assert told["state"]["sampling_steps"] == 3000 and told["eta_relative"] > 0
    assert opened(told["current_image"]).format == "JPEG"
    hidden = webui.call("GET", "/sdapi/v1/progress?skip_current_image=true").json
    assert hidden["current_image"] is None
    assert done(webui, "skip") == {}
    while webui.call("GET", "/sdapi/v1/progress").json["state"]["job_no"] == 0:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert done(webui, "interrupt") == {}
    thread.join(60)
    assert found[0]["images"] == []
