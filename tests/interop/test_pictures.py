"""Workflows out of pictures: ours, ComfyUI's, A1111's, and pictures that carry none."""

import json
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from nodeflow.cli.main import main
from nodeflow.graph.document import Reference
from nodeflow.graph.problem import WorkflowError
from nodeflow.interop.infotext import (
    Infotext,
    infotext_workflow,
    read_infotext,
    sampler_of,
    write_infotext,
)
from nodeflow.interop.open import open_workflow

API = {
    "1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8}},
    "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "x"}},
}
INFOTEXT = """a (red:1.2) apple,
on a table
Negative prompt: blurry, text
Steps: 24, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 6.5, Seed: 1234567890123, \
Size: 640x448, Model hash: abc, Model: some-model, Clip skip: 2, Lora hashes: "one: 12, two: 34", \
Version: v1.10.1"""


def png(path: Path, **chunks: str) -> Path:
    info = PngInfo()
    for key, text in chunks.items():
        info.add_itxt(key, text)
    Image.new("RGB", (8, 8)).save(path, pnginfo=info)
    return path


def test_comfyuis_png_and_webp(tmp_path: Path) -> None:
    text = json.dumps(API)
    exif = Image.Exif()
    exif[0x0110], exif[0x010F] = f"prompt:{text}", "workflow:{}"
    Image.new("RGB", (8, 8)).save(tmp_path / "a.webp", exif=exif)
    for path in (png(tmp_path / "a.png", prompt=text, workflow="{}"), tmp_path / "a.webp"):
        workflow = open_workflow(path)
        assert workflow.nodes["2"].inputs["images"] == Reference("1", 0)


@pytest.mark.parametrize(("shown", "count"), [("$grey", 1), ("$both", 2)])
def test_a_webp_of_ours_opens_as_what_was_run(shown: str, count: int, tmp_path: Path) -> None:
    document = {
        "nodes": {
            "grey": {"node": "EmptyImage", "width": 16, "height": 8, "color": 0x808080},
            "red": {"node": "EmptyImage", "width": 16, "height": 8, "color": 0xFF0000},
            "both": {"node": "ImageBatch", "image1": "$grey", "image2": "$red"},
            "save": {
                "node": "SaveAnimatedWEBP", "images": shown, "title": "naïve 猫 🐈",
                "filename_prefix": "moving/cat", "fps": 4.0,
            },
        }
    }  # fmt: skip
    (tmp_path / "it.json").write_text(json.dumps(document), encoding="utf-8")
    assert main(["run", str(tmp_path / "it.json"), "--out", str(tmp_path / "out")]) == 0
    file = tmp_path / "out" / "moving" / "cat_00001_.webp"
    with Image.open(file) as picture:
        assert (picture.format, picture.size) == ("WEBP", (16, 8))
        assert getattr(picture, "n_frames", 1) == count
        assert str(picture.getexif()[0x0110]).startswith("prompt:")
        picture.load()
        assert count == 1 or picture.info["duration"] == 250
    again = open_workflow(file)
    assert again.nodes["save"].title == "naïve 猫 🐈"
    assert again.nodes["grey"].inputs["color"] == 0x808080


def test_ours_wins(tmp_path: Path) -> None:
    ours = {"nodes": {"only": {"node": "EmptyImage"}}}
    path = png(tmp_path / "a.png", nodeflow=json.dumps(ours), prompt=json.dumps(API))
    assert list(open_workflow(path).nodes) == ["only"]


def test_a1111s_text() -> None:
    info = read_infotext(INFOTEXT)
    assert info.prompt == "a (red:1.2) apple,\non a table" and info.negative == "blurry, text"
    assert info.settings["Lora hashes"] == "one: 12, two: 34"
    workflow = infotext_workflow(info, None)
    sampler = workflow.nodes["sampler"].inputs
    assert (sampler["seed"], sampler["steps"], sampler["cfg"]) == (1234567890123, 24, 6.5)
    assert (sampler["sampler_name"], sampler["scheduler"]) == ("dpmpp_2m", "karras")
    assert workflow.nodes["canvas"].inputs == {"width": 640, "height": 448}
    assert workflow.nodes["clip_skip"].inputs["stop_at_clip_layer"] == -2
    assert workflow.nodes["checkpoint"].inputs["ckpt_name"] == "some-model"


def test_a1111s_pictures(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + INFOTEXT.encode("utf-16-be")
    Image.new("RGB", (8, 8)).save(tmp_path / "a.jpg", exif=exif)
    for path in (png(tmp_path / "a.png", parameters=INFOTEXT), tmp_path / "a.jpg"):
        assert open_workflow(path).nodes["negative"].inputs["text"] == "blurry, text"


def test_older_texts_have_the_scheduler_in_the_sampler() -> None:
    assert sampler_of({"Sampler": "DPM++ 2M Karras"}) == ("dpmpp_2m", "karras")
    assert sampler_of({"Sampler": "Euler a"}) == ("euler_ancestral", "normal")
    assert sampler_of({"Sampler": "DPM++ SDE Exponential"}) == ("dpmpp_sde", "exponential")


VALUES = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=12
)


@given(VALUES, VALUES, st.lists(VALUES, min_size=3, max_size=3))
def test_what_is_written_is_read_again(prompt: str, negative: str, values: list[str]) -> None:
    settings = dict(zip(("Steps", "Sampler", "Model"), (v.strip() for v in values), strict=True))
    info = Infotext(prompt.strip(), negative.strip(), settings)
    if prompt.strip().startswith("Negative prompt:") or any('"' in v for v in settings.values()):
        return
    assert read_infotext(write_infotext(info)) == info


def test_a_text_without_settings_is_a_prompt() -> None:
    assert read_infotext("a cat: sleeping") == Infotext("a cat: sleeping", "", {})


def test_what_carries_nothing(tmp_path: Path) -> None:
    with pytest.raises(WorkflowError, match="carries no workflow"):
        open_workflow(png(tmp_path / "a.png"))
    (tmp_path / "b.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    with pytest.raises(WorkflowError, match="no picture"):
        open_workflow(tmp_path / "b.png")
    with pytest.raises(WorkflowError, match=r"a\.png"):
        open_workflow(png(tmp_path / "a.png", prompt="{broken"))


def test_a_text_bomb_is_refused(tmp_path: Path) -> None:
    path = png(tmp_path / "a.png")
    data = path.read_bytes()
    body = b"nodeflow\0\0" + zlib.compress(b" " * 50_000_000)
    chunk = b"zTXt" + body
    bomb = len(body).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big")
    end = data.index(b"IDAT") - 4
    path.write_bytes(data[:end] + bomb + data[end:])
    with pytest.raises(WorkflowError):
        open_workflow(path)
