"""Journeys in graphs of many nodes: far off they are boxes, near by all that stands on them."""

import io
from typing import Any

import pytest
import yaml
from PIL import Image
from playwright.sync_api import expect

from tests.web.conftest import at_rest, painted, until
from tests.web.gestures import centre, drag, open_text, set_number

pytestmark = pytest.mark.heavy

COLUMNS = 40
READABLE = 0.5
VIEW = """() => (({a, e, f}) => [a, e, f])(new DOMMatrix(getComputedStyle(
    document.querySelector('.react-flow__viewport')).transform))"""
OFF = """() => [...document.querySelectorAll(".react-flow__edge")].flatMap(edge => {
    const path = edge.querySelector(".react-flow__edge-path");
    const [from, to] = edge.getAttribute("aria-label").split(" → ").map(end => {
        const [node, port] = end.split(".");
        const handle = document.querySelector(`[data-id="${node}"] [data-handleid="${port}"]`);
        return handle && handle.getBoundingClientRect();
    });
    const at = length => path.getPointAtLength(length).matrixTransform(path.getScreenCTM());
    const off = (box, point) => Math.hypot(
        Math.max(box.left - point.x, 0, point.x - box.right), box.top + box.height / 2 - point.y);
    const ends = [from && off(from, at(0)), to && off(to, at(path.getTotalLength()))];
    return ends.filter(Number.isFinite);
})"""


def document(count: int) -> str:
    """A chain of nodes in a grid, some of them folded."""
    nodes: dict[str, Any] = {"n0": {"node": "EmptyImage", "width": 64, "height": 64}}
    places: dict[str, Any] = {}
    for index in range(count):
        if index:
            nodes[f"n{index}"] = {
                "node": "ImageScale", "upscale_method": "bilinear", "crop": "disabled",
                "width": 64, "height": 64, "image": f"$n{index - 1}",
            }  # fmt: skip
        places[f"n{index}"] = {"x": index % COLUMNS * 300, "y": index // COLUMNS * 240}
        if index % 7 == 3:
            places[f"n{index}"]["collapsed"] = True
    nodes["save"] = {"node": "SaveImage", "images": f"$n{count - 1}"}
    places["save"] = {"x": count % COLUMNS * 300, "y": count // COLUMNS * 240}
    return yaml.safe_dump({"nodeflow": 1, "nodes": nodes, "layout": {"nodes": places}})


def view(page: Any) -> list[float]:
    """The zoom of the canvas, and where it stands."""
    found: list[float] = page.evaluate(f"({VIEW})()")
    return found


def zoom_in(page: Any) -> None:
    """A notch of the wheel."""
    zoom = view(page)[0]
    page.mouse.wheel(0, -120)
    until(page, f"({VIEW})()[0] > {zoom}")


def look_at(page: Any, node: str, part: str = "[role=spinbutton]") -> None:
    """Roll the wheel over a node until its widgets, or another part of it, can be read."""
    page.mouse.move(*centre(page, f'[data-id="{node}"] .node'))
    while view(page)[0] < READABLE:
        zoom_in(page)
    page.wait_for_selector(f'[data-id="{node}"] {part}', state="attached")


def links_end_at_ports(page: Any, more: int = 1) -> None:
    """All links whose ends are drawn, of which there are more than so many, end where those are."""
    until(page, f"(off => off.length > {more} && Math.max(...off) < 3)(({OFF})())")


def test_a_thousand_nodes_are_opened_edited_and_undone(page: Any) -> None:
    open_text(page, document(1000))
    page.wait_for_selector(".far-view")
    expect(page.locator(".node.plain")).to_have_count(1001)
    page.wait_for_selector(".plan-line:has-text('1001 of 1001 run')")
    look_at(page, "n505")
    until(page, "document.querySelectorAll('.node').length < 120")
    page.wait_for_selector(".node.plain", state="detached")
    links_end_at_ports(page, 4)

    set_number(page, "n505 width", "128")
    page.keyboard.press("Control+z")
    expect(page.get_by_role("spinbutton", name="n505 width")).to_have_value("64")
    page.keyboard.press("Control+y")
    expect(page.get_by_role("spinbutton", name="n505 width")).to_have_value("128")
    page.locator('[data-id="n505"] .node-head').click()
    page.keyboard.press("Delete")
    page.wait_for_selector('[data-id="n505"]', state="detached")
    page.keyboard.press("Control+z")
    page.wait_for_selector('[data-id="n505"] [role=spinbutton]')
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.wait_for_selector(".canvas-hint")
    page.keyboard.press("Control+z")
    page.keyboard.press(".")
    page.wait_for_selector(".far-view")
    until(page, "document.querySelectorAll('.node.plain').length === 1001")


def test_a_box_far_off_is_moved_and_its_links_follow(page: Any) -> None:
    open_text(page, document(200))
    page.wait_for_selector(".far-view")
    before = centre(page, '[data-id="n20"] .node')
    top = "document.querySelector('[data-id=n20] .node').getBoundingClientRect().top"
    was = page.evaluate(top)
    drag(page, before, (before[0], before[1] - 150))
    until(page, f"{top} < {was} - 100")
    page.keyboard.press("Control+z")
    until(page, f"{top} > {was} - 50")
    page.keyboard.press("Control+y")
    look_at(page, "n20")
    page.wait_for_selector(".node.plain", state="detached")
    links_end_at_ports(page)


IN_SIGHT = """() => [...document.querySelectorAll(".node.plain")]
    .map(node => node.getBoundingClientRect())
    .filter(({ left, top, bottom }) => left > 100 && left < 1000 && top > 60 && bottom < 620)
    .sort((one, other) => one.left - other.left)
    .map(({ left, top, height }) => [left, top + 0.7 * height])"""


def across_the_side(page: Any, x: int, y: int) -> tuple[list[int], list[int]]:
    """Luminances at the left side of a box far off: three pixels outside it, and three inside."""
    clip = {"x": x - 4, "y": y, "width": 8, "height": 1}
    seen = Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("L")
    found = list(seen.tobytes())
    return found[:3], found[-3:]


def test_the_drawing_from_afar_goes_with_the_canvas(page: Any) -> None:
    open_text(page, document(1000))
    page.wait_for_selector(".far-view")
    page.mouse.move(640, 400)
    for _ in range(5):
        zoom_in(page)
    # A little is shifted; farther than the drawing reaches it is drawn anew.
    for across, down in ((0, 0), (90, -40), (-60, 30), (-600, 0), (-600, 0), (300, 200)):
        page.mouse.move(640, 300)
        page.mouse.down(button="middle")
        page.mouse.move(640 + across / 2, 300 + down / 2)
        page.mouse.move(640 + across, 300 + down)
        page.mouse.up(button="middle")
        page.mouse.move(640, 790)
        painted(page)
        boxes = page.evaluate(IN_SIGHT)
        for x, y in (boxes[0], boxes[len(boxes) // 2], boxes[-1]):
            outside, inside = across_the_side(page, round(x), round(y))
            assert min(inside) > max(outside), (x, y, across, down)


def test_all_are_folded_from_afar_and_opened_again(page: Any) -> None:
    open_text(page, document(200))
    page.wait_for_selector(".far-view")
    height = "document.querySelector('[data-id=n{}] .node').offsetHeight"
    tall = page.evaluate(height.format(148))
    page.keyboard.press("Control+a")
    page.keyboard.press("Alt+c")
    until(page, f"{height.format(148)} < {tall} / 2")
    look_at(page, "n20", ".port")
    links_end_at_ports(page)
    page.keyboard.press("Alt+c")
    until(page, f"{height.format(20)} > 60")
    links_end_at_ports(page)
    page.keyboard.press(".")
    page.wait_for_selector(".far-view")
    until(page, f"{height.format(148)} === {tall}")


def test_on_a_trackpad_two_fingers_move_and_a_pinch_zooms(graph: Any) -> None:
    graph.keyboard.press("Control+,")
    graph.get_by_role("checkbox", name="Two fingers move the canvas").check()
    graph.keyboard.press("Escape")
    graph.wait_for_selector(".dialog", state="detached")
    graph.mouse.move(700, 120)
    zoom, x, y = view(graph)
    graph.mouse.wheel(60, 40)
    until(graph, f"(([_, x, y]) => x < {x} && y < {y})(({VIEW})())")
    at_rest(graph)
    assert view(graph)[0] == zoom
    graph.keyboard.down("Control")
    graph.mouse.wheel(0, -60)
    graph.keyboard.up("Control")
    until(graph, f"({VIEW})()[0] > {zoom}")
