"""Journeys through the widgets of inputs, with wrong inputs too."""

from typing import Any

import pytest

from tests.server.serving import Serving
from tests.web.gestures import open_text
from tests.web.test_editor import saved

pytestmark = pytest.mark.heavy

TINTED = """
nodes:
  flat: {node: EmptyImage, width: 64, height: 64, color: 0x507090}
  save: {node: SaveImage, images: $flat}
layout: {nodes: {flat: {x: 0, y: 0}, save: {x: 300, y: 0}}}
"""


def test_a_colour_is_typed_picked_and_undone(page: Any, server: Serving) -> None:
    open_text(page, TINTED)
    field = page.get_by_role("textbox", name="flat color")
    assert field.input_value() == "#507090"
    field.fill("rgb(255, 136, 0)")
    field.press("Enter")
    assert field.input_value() == "#ff8800"
    field.fill("reddish")
    assert field.get_attribute("aria-invalid") == "true"
    field.press("Enter")
    assert field.input_value() == "#ff8800"

    page.get_by_role("button", name="flat color: Choose a colour, #ff8800").click()
    shade = page.get_by_role("slider", name="Shade")
    assert shade.get_attribute("aria-valuetext") == "saturation 100 %, brightness 100 %"
    for _ in range(5):
        shade.press("Shift+ArrowLeft")
    knob, plane = (
        page.locator(part).bounding_box() for part in (".colour-plane i", ".colour-plane")
    )
    assert abs(knob["x"] + knob["width"] / 2 - plane["x"] - plane["width"] / 2) < 1
    page.keyboard.press("Escape")
    assert field.input_value() == "#ffc380"
    assert page.evaluate("document.activeElement.className").startswith("swatch")
    page.keyboard.press("Control+z")
    assert field.input_value() == "#ff8800"

    page.get_by_role("button", name="flat color: Choose a colour").click()
    page.get_by_role("button", name="#1e88e5").click()
    page.get_by_role("slider", name="Hue").fill("0")
    page.locator(".node-head").first.click()
    assert page.get_by_role("dialog").count() == 0
    red = int(field.input_value()[1:], 16)
    assert red >> 16 > 200 and red >> 8 & 255 == red & 255
    assert saved(page, server, "tinted")["nodes"]["flat"]["color"] == red
