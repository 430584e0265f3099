"""Families and pictures of model files, as a picker of models shows them."""

import io
import json
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.server.serving import Serving, serving

KEYS = "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k"


def lora(path: Path, width: int) -> Path:
    """A LoRA of one layer for models that read text of a width."""
    head, at = {}, 0
    for name, shape in ((f"{KEYS}.lora_down", [4, width]), (f"{KEYS}.lora_up", [8, 4])):
        size = 2 * prod(shape)
        head[f"{name}.weight"] = {"dtype": "F16", "shape": shape, "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(head).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(at))
    return path


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A server with LoRAs of two families, one of them with a picture beside it."""
    folder = Path(tmp_path_factory.mktemp("library"))
    loras = folder / "work" / "models" / "loras"
    lora(loras / "old.safetensors", 768)
    lora(loras / "styles" / "new.safetensors", 2048)
    (loras / "broken.safetensors").write_bytes(b"this is no header")
    Image.new("RGB", (600, 300), "teal").save(loras / "styles" / "new.preview.jpg")
    Image.new("RGB", (600, 300), "red").save(folder / "secret.png")
    (loras / "old.png").symlink_to(folder / "secret.png")
    (loras / "broken.png").write_bytes(b"no picture")
    with serving(folder) as started:
        yield started


def looks(server: Serving) -> dict[str, tuple[Any, Any]]:
    """Families and whether there is a picture, by name."""
    models = server.call("GET", "/api/v1/models/loras?looks=true").json["models"]
    return {model["name"]: (model["families"], model["preview"]) for model in models}


def test_families_and_pictures_are_told_when_asked(library: Serving) -> None:
    assert looks(library) == {
        "broken.safetensors": ([], True),
        "old.safetensors": (["SD1"], False),
        "styles/new.safetensors": (["SDXL"], True),
        "tiny-flat.safetensors": (["SD1"], False),
    }
    models = library.call("GET", "/api/v1/models/loras?looks=true").json["models"]
    assert {model["name"] for model in models if model["trouble"]} == {"broken.safetensors"}
    plain = library.call("GET", "/api/v1/models/loras").json["models"]
    assert all("families" not in model and "preview" not in model for model in plain)


def test_a_file_that_was_replaced_is_read_again(library: Serving) -> None:
    place = library.folder / "work" / "models" / "loras" / "changing.safetensors"
    lora(place, 768)
    assert looks(library)[place.name] == (["SD1"], False)
    lora(place, 1280)
    assert looks(library)[place.name] == (["REFINER"], False)
    place.unlink()


def test_a_picture_is_small_and_encoded_anew(library: Serving) -> None:
    answer = library.call("GET", "/api/v1/models/loras/styles/new.safetensors/preview?size=64")
    assert answer.status == 200 and answer.headers["content-type"] == "image/webp"
    with Image.open(io.BytesIO(answer.body)) as small:
        assert (small.format, small.size) == ("WEBP", (64, 32))


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("old.safetensors", 404),  # its picture is a link out of the folder
        ("tiny-flat.safetensors", 404),
        ("none.safetensors", 404),
        ("..%2f..%2f..%2fsecret.png", 404),
        ("broken.safetensors", 415),
    ],
)
def test_nothing_else_is_served(library: Serving, name: str, status: int) -> None:
    assert library.call("GET", f"/api/v1/models/loras/{name}/preview").status == status


def test_without_a_token_nothing_is_told(library: Serving) -> None:
    path = "/api/v1/models/loras/styles/new.safetensors/preview"
    assert library.call("GET", path, token="nobody").status == 401
