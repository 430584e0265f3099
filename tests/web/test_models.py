"""Journeys through the lists of models, in Chromium."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.server.api.test_models import lora
from tests.server.serving import Serving
from tests.web.conftest import until
from tests.web.gestures import open_text

pytestmark = pytest.mark.heavy

LORA = """nodes:
  checkpoint: {node: CheckpointLoaderSimple, ckpt_name: tiny-emoji}
  style: {node: LoraLoader, model: $checkpoint.MODEL, clip: $checkpoint.CLIP, lora_name: tiny-flat}
"""


def library(server: Serving) -> Path:
    """LoRAs of two families, some with pictures."""
    loras = server.folder / "work" / "models" / "loras"
    lora(loras / "watercolour.safetensors", 768)
    lora(loras / "styles" / "film-xl.safetensors", 2048)
    Image.new("RGB", (300, 300), "teal").save(loras / "watercolour.png")
    Image.new("RGB", (300, 200), "orange").save(loras / "styles" / "film-xl.preview.jpg")
    return loras


def test_a_list_of_models_shows_families_pictures_and_what_does_not_fit(
    graph: Any, server: Serving
) -> None:
    library(server)
    asked: list[str] = []
    graph.on("request", lambda request: asked.append(request.url))
    with graph.expect_response("**/node-types"):
        graph.keyboard.press("r")
    open_text(graph, LORA)
    field = graph.locator('[data-id="style"] .choice')
    field.wait_for()
    assert not [url for url in asked if "/models/" in url]
    field.click()
    foreign = graph.get_by_role("option", name="styles/film-xl.safetensors")
    foreign.locator("small", has_text="SDXL").wait_for()
    own = graph.get_by_role("option", name="watercolour.safetensors")
    expect(own.locator("small")).to_have_text(["SD1"])
    until(graph, "[...document.querySelectorAll('.picker img')].length === 2")
    until(graph, "[...document.querySelectorAll('.picker img')].every((i) => i.naturalWidth > 0)")
    until(graph, "document.querySelectorAll('.picker .unfit').length === 1")
    expect(foreign).to_have_attribute("title", "For other models than this workflow's (SD1)")
    assert own.get_attribute("title") is None
    graph.get_by_role("combobox").fill("sd1 water")
    graph.keyboard.press("Enter")
    expect(field).to_have_text("watercolour.safetensors")
    before = len([url for url in asked if "looks=true" in url])
    field.click()
    graph.wait_for_selector(".picker .unfit")
    assert len([url for url in asked if "looks=true" in url]) == before == 2


def test_a_file_that_cannot_be_read_says_so_before_it_is_chosen(
    graph: Any, server: Serving
) -> None:
    broken = server.folder / "work" / "models" / "loras" / "cut-off.safetensors"
    broken.parent.mkdir(parents=True, exist_ok=True)
    broken.write_bytes((5000).to_bytes(8, "little") + b'{"a":')
    with graph.expect_response("**/node-types"):
        graph.keyboard.press("r")
    open_text(graph, LORA)
    graph.locator('[data-id="style"] .choice').click()
    option = graph.get_by_role("option", name="cut-off.safetensors")
    option.locator(".trouble", has_text="Cannot be used: it is truncated").wait_for()
    graph.wait_for_selector('.picker li:has-text("tiny-flat") small:has-text("SD1")')
    expect(graph.locator(".picker .trouble")).to_have_count(1)
    graph.keyboard.press("Escape")
    graph.locator('[data-id="style"] .node-head').click()
    graph.keyboard.press("m")
    graph.locator(".models .trouble", has_text="it is truncated").wait_for()
    # A new node does not begin with it, though it is the first of the list.
    graph.mouse.dblclick(900, 740)
    graph.get_by_role("combobox").fill("load lora")
    graph.keyboard.press("Enter")
    chosen = graph.locator(".react-flow__node.selected:not([data-id=style]) .choice").first
    assert chosen.inner_text() != "cut-off.safetensors"
    broken.unlink()
