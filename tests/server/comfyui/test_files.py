"""`/view` and `/upload`: pictures out and in, and nothing else."""

import io
import json
from typing import Any
from urllib.parse import quote

from PIL import Image

from tests.server.comfyui.talking import plain_picture, ran
from tests.server.serving import Answer, Serving

BORDER = "xxBORDERxx"


def png(color: tuple[int, ...] = (255, 0, 0), size: tuple[int, int] = (8, 4)) -> bytes:
    out = io.BytesIO()
    Image.new("RGBA" if len(color) == 4 else "RGB", size, color).save(out, "PNG")
    return out.getvalue()


def opened(answer: Answer) -> Image.Image:
    return Image.open(io.BytesIO(answer.body))


def send(
    server: Serving, data: bytes, name: str, route: str = "/upload/image", **fields: str
) -> Answer:
    """A form with a picture and other fields."""
    parts = [
        f'--{BORDER}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in fields.items()
    ]
    head = f'--{BORDER}\r\nContent-Disposition: form-data; name="image"; filename="{name}"'
    parts.append(head.encode() + b"\r\nContent-Type: image/png\r\n\r\n" + data + b"\r\n")
    body = b"".join(parts) + f"--{BORDER}--\r\n".encode()
    kind = {"Content-Type": f"multipart/form-data; boundary={BORDER}"}
    return server.call("POST", route, body, kind)


def test_a_saved_picture_is_viewed_with_its_workflow(comfy: Serving) -> None:
    workflow = {"id": "view", "nodes": [], "links": []}
    extra = {"extra_pnginfo": {"workflow": workflow, "prompt": "not this"}}
    graph = plain_picture(0x00FF00, "views/green")
    made = ran(comfy, graph, extra_data=extra)["outputs"]["2"]["images"][0]
    query = f"filename={made['filename']}&subfolder={made['subfolder']}&type={made['type']}"
    answer = comfy.call("GET", f"/view?{query}")
    assert answer.status == 200 and answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    picture: Any = opened(answer)
    assert json.loads(picture.text["workflow"]) == workflow
    assert json.loads(picture.text["prompt"])["1"]["class_type"] == "EmptyImage"
    small = comfy.call("GET", f"/api/view?{query}&preview=jpeg;50")
    assert small.headers["content-type"] == "image/jpeg" and opened(small).size == (16, 8)
    webp = comfy.call("GET", f"/view?{query}&preview=webp;90&channel=a")
    assert webp.headers["content-type"] == "image/webp"
    rgb = opened(comfy.call("GET", f"/view?{query}&channel=rgb"))
    assert rgb.mode == "RGB" and rgb.getpixel((0, 0)) == (0, 255, 0)
    alpha = opened(comfy.call("GET", f"/view?{query}&channel=a"))
    assert alpha.mode == "RGBA" and alpha.getpixel((0, 0)) == (0, 0, 0, 255)


def test_nothing_outside_the_folders_is_viewed(comfy: Serving) -> None:
    secret = comfy.folder / "data" / "server.sqlite"
    assert secret.is_file()
    (comfy.folder / "work" / "output").mkdir(exist_ok=True)
    link = comfy.folder / "work" / "output" / "link.png"
    link.unlink(missing_ok=True)
    link.symlink_to(secret)
    names = (
        "../../data/server.sqlite", "..\\..\\data\\server.sqlite", str(secret), "C:\\x.png",
        "link.png", "a\0.png", "%2e%2e/%2e%2e/data/server.sqlite", "", "..", ".",
    )  # fmt: skip
    for name in names:
        assert comfy.call("GET", f"/view?filename={quote(name)}").status == 404, name
    for folder in ("..", "../..", "/etc", "a/../.."):
        query = f"filename=server.sqlite&subfolder={quote(folder)}"
        assert comfy.call("GET", f"/view?{query}").status == 404, folder
    assert comfy.call("GET", "/view?filename=x.png&type=data").status == 404
    assert comfy.call("GET", "/view").status == 404


def test_other_files_are_downloads(comfy: Serving) -> None:
    folder = comfy.folder / "work" / "output"
    folder.mkdir(exist_ok=True)
    (folder / "page.html").write_text("<script>alert(1)</script>", encoding="utf-8")
    (folder / "icon.svg").write_text("<svg onload='alert(1)'/>", encoding="utf-8")
    for name in ("page.html", "icon.svg"):
        answer = comfy.call("GET", f"/view?filename={name}")
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment")
        assert comfy.call("GET", f"/view?filename={name}&preview=webp").status == 415


def test_an_upload_is_kept_once(comfy: Serving) -> None:
    first = send(comfy, png(), "up.png")
    assert first.status == 200
    assert first.json == {"name": "up.png", "subfolder": "", "type": "input"}
    assert send(comfy, png(), "up.png").json["name"] == "up.png"
    assert send(comfy, png((0, 0, 255)), "up.png").json["name"] == "up (1).png"
    assert send(comfy, png((0, 0, 255)), "up.png").json["name"] == "up (1).png"
    over = send(comfy, png((0, 255, 0)), "up.png", overwrite="true")
    assert over.json["name"] == "up.png"
    shown = opened(comfy.call("GET", "/view?filename=up.png&type=input"))
    assert shown.convert("RGB").getpixel((0, 0)) == (0, 255, 0)
    below = send(comfy, png(), "up.png", "/api/upload/image", subfolder="a/b", type="temp")
    assert below.json == {"name": "up.png", "subfolder": "a/b", "type": "temp"}


def test_an_upload_is_a_picture_for_a_prompt(comfy: Serving) -> None:
    name = send(comfy, png((9, 8, 7)), "source.png", subfolder="sub").json["name"]
    graph = {
        "1": {"class_type": "LoadImage", "inputs": {"image": f"sub/{name}", "upload": "image"}},
        "2": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}},
    }
    made = ran(comfy, graph)["outputs"]["2"]["images"][0]
    assert made["type"] == "temp"
    answer = comfy.call("GET", f"/view?filename={made['filename']}&type=temp")
    assert opened(answer).convert("RGB").getpixel((0, 0)) == (9, 8, 7)


def test_a_mask_becomes_the_transparency_of_its_picture(comfy: Serving) -> None:
    send(comfy, png((10, 20, 30)), "original.png")
    ref = json.dumps({"filename": "original.png", "subfolder": "", "type": "input"})
    mask = png((0, 0, 0, 77))
    answer = send(comfy, mask, "masked.png", "/upload/mask", original_ref=ref)
    assert answer.json == {"name": "masked.png", "subfolder": "", "type": "input"}
    picture = opened(comfy.call("GET", "/view?filename=masked.png&type=input"))
    assert picture.getpixel((0, 0)) == (10, 20, 30, 77)
    wrong = json.dumps({"filename": "../../../data/token", "type": "input"})
    assert send(comfy, mask, "m.png", "/upload/mask", original_ref=wrong).status == 404
    assert send(comfy, mask, "m.png", "/upload/mask").status == 400


def test_uploads_that_are_refused(comfy: Serving) -> None:
    assert send(comfy, b"<svg/>", "x.svg").status == 415
    assert send(comfy, png(), "x.exe").status == 400
    assert send(comfy, png(), "x.png", subfolder="../..").status == 400
    assert send(comfy, png(), "x.png", type="models").status == 404
    assert send(comfy, b"\x89PNG\r\n\x1a\n broken", "x.png").status == 415
    assert comfy.call("POST", "/upload/image", b"{}").status == 400
    saved = send(comfy, png(), "../../../evil.png")
    assert saved.json["name"] == "evil.png" and saved.json["subfolder"] == ""
    assert not list((comfy.folder / "data" / "uploads").iterdir())
