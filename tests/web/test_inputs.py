"""Journeys through the widgets of inputs, with wrong inputs too."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.server.serving import ROOT, Serving
from tests.web.conftest import at_rest, painted, until
from tests.web.gestures import drag, open_text, set_number
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
    expect(field).to_have_value("#507090")
    field.fill("rgb(255, 136, 0)")
    field.press("Enter")
    expect(field).to_have_value("#ff8800")
    field.fill("reddish")
    expect(field).to_have_attribute("aria-invalid", "true")
    field.press("Enter")
    expect(field).to_have_value("#ff8800")

    page.get_by_role("button", name="flat color: Choose a colour, #ff8800").click()
    shade = page.get_by_role("slider", name="Shade")
    expect(shade).to_have_attribute("aria-valuetext", "saturation 100 %, brightness 100 %")
    for _ in range(5):
        shade.press("Shift+ArrowLeft")
    painted(page)
    knob, plane = (
        page.locator(part).bounding_box() for part in (".colour-plane i", ".colour-plane")
    )
    assert abs(knob["x"] + knob["width"] / 2 - plane["x"] - plane["width"] / 2) < 1
    page.keyboard.press("Escape")
    expect(field).to_have_value("#ffc380")
    until(page, "document.activeElement.className.startsWith('swatch')")
    page.keyboard.press("Control+z")
    expect(field).to_have_value("#ff8800")

    page.get_by_role("button", name="flat color: Choose a colour").click()
    page.get_by_role("button", name="#1e88e5").click()
    page.get_by_role("slider", name="Hue").fill("0")
    page.locator(".node-head").first.click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    red = int(field.input_value()[1:], 16)
    assert red >> 16 > 200 and red >> 8 & 255 == red & 255
    assert saved(page, server, "tinted")["nodes"]["flat"]["color"] == red


def box(page: Any, node: str) -> dict[str, float]:
    """Where a node's box is on the screen."""
    found: dict[str, float] = page.locator(f'[data-id="{node}"] .area-box').bounding_box()
    return found


def test_areas_are_moved_resized_drawn_and_undone_as_one_gesture(
    page: Any, server: Serving
) -> None:
    open_text(page, (ROOT / "workflows" / "regions.yaml").read_text(encoding="utf-8"))
    page.get_by_role("button", name="Graph").click()
    page.wait_for_selector('[data-id="left"] .area-box')
    at_rest(page)
    places = (
        "[...document.querySelectorAll('.react-flow__node')].map(n => n.style.transform).join()"
    )
    before = page.evaluate(places)
    page.keyboard.press("Shift+a")
    until(page, f"{places} !== '{before}'")
    at_rest(page)
    page.locator('[data-id="left"] .node-head').click()
    page.keyboard.press("Shift+.")
    at_rest(page)
    expect(page.locator('[data-id="left"] .area-other')).to_have_text(re.compile("^a penguin"))
    at = box(page, "left")
    assert abs(at["width"] - at["height"]) < 2
    middle = (at["x"] + at["width"] / 2, at["y"] + at["height"] * 0.7)
    drag(page, middle, (middle[0] + at["width"] / 2, middle[1] + 40))
    slider = page.locator('[data-id="left"]').get_by_role("slider")
    expect(slider).to_have_attribute("aria-valuetext", "128 by 128 at 64, 0")

    at = box(page, "left")
    corner = (at["x"] + at["width"], at["y"] + at["height"])
    drag(page, corner, (corner[0] - at["width"] / 4, corner[1] - at["height"] / 2))
    expect(slider).to_have_attribute("aria-valuetext", "96 by 64 at 64, 0")
    page.keyboard.press("Control+z")
    expect(slider).to_have_attribute("aria-valuetext", "128 by 128 at 64, 0")
    page.keyboard.press("Control+z")
    expect(slider).to_have_attribute("aria-valuetext", "128 by 128 at 0, 0")

    slider.press("ArrowRight")
    slider.press("Shift+ArrowUp")
    slider.press("Control+ArrowDown")
    expect(slider).to_have_attribute("aria-valuetext", "128 by 120 at 8, 8")
    expect(page.get_by_role("spinbutton", name="left x")).to_have_value("8")
    page.keyboard.press("Control+z")
    expect(slider).to_have_attribute("aria-valuetext", "128 by 120 at 8, 0")

    page.locator('[data-id="left"]').get_by_role("button", name="Edit the area large").click()
    window = page.get_by_role("dialog", name="left: Area")
    window.locator(".area-stage").wait_for()
    painted(page)
    stage = window.locator(".area-stage").bounding_box()
    start = (stage["x"] + stage["width"] * 0.6, stage["y"] + stage["height"] * 0.25)
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(start[0] + 50, start[1] + 90, steps=3)
    page.keyboard.press("Escape")
    page.mouse.up()
    inside = window.get_by_role("slider")
    expect(inside).to_have_attribute("aria-valuetext", "128 by 120 at 8, 0")
    window.get_by_role("button", name="a penguin").click(position={"x": 300, "y": 200})
    window = page.get_by_role("dialog", name="right: Area")
    set_number(window, "right width", "64*1.5")
    window.get_by_role("slider").press("Shift+ArrowUp")
    page.keyboard.press("Delete")
    page.keyboard.press("Escape")
    nodes = saved(page, server, "areas")["nodes"]
    sides = ("x", "y", "width", "height")
    assert [nodes["left"][side] for side in sides] == [8, 0, 128, 120]
    assert [nodes["right"][side] for side in sides] == [128, 0, 96, 120]
