"""Journeys that put nodes in their places: onto links, with their group, in order, on the grid."""

from itertools import pairwise
from typing import Any

import pytest

from tests.server.serving import Serving
from tests.web.conftest import painted, until
from tests.web.gestures import drag, open_text
from tests.web.test_editor import saved

pytestmark = pytest.mark.heavy

GRAPH = """
nodes:
  first: {node: EmptyImage, width: 64, height: 64}
  save: {node: SaveImage, images: $first, filename_prefix: x}
  invert: {node: ImageInvert}
layout: {nodes: {first: {x: 0, y: 0}, save: {x: 520, y: 40}, invert: {x: 260, y: 320}}}
"""
MIDDLE = """id => {
    const path = document.querySelector(`[data-id="${id}"] path`);
    const { x, y } = path.getPointAtLength(path.getTotalLength() / 2)
        .matrixTransform(path.getScreenCTM());
    return [x, y];
}"""
ON_TOP = """id => {
    const box = document.querySelector(`[data-id="${id}"] .node-head`).getBoundingClientRect();
    return document.elementFromPoint(box.x + 20, box.y + box.height / 2).closest(".node") !== null;
}"""


def head(page: Any, node: str) -> tuple[float, float]:
    """Where a node is taken."""
    box = page.locator(f'[data-id="{node}"] .node-head').bounding_box()
    return box["x"] + 20, box["y"] + box["height"] / 2


def places(document: dict[str, Any]) -> dict[str, tuple[float, float]]:
    """Where the nodes of a saved document lie."""
    return {name: (at["x"], at["y"]) for name, at in document["layout"]["nodes"].items()}


def test_a_node_dropped_on_a_link_goes_between_its_ends(graph: Any, server: Serving) -> None:
    open_text(graph, GRAPH)
    graph.wait_for_selector(".react-flow__edge path", state="attached")
    (edge,) = graph.evaluate(
        "[...document.querySelectorAll('.react-flow__edge')].map(e => e.dataset.id)"
    )
    drag(graph, head(graph, "invert"), tuple(graph.evaluate(MIDDLE, edge)))
    nodes = saved(graph, server, "between")["nodes"]
    assert nodes["invert"]["image"] == "$first" and nodes["save"]["images"] == "$invert"
    graph.keyboard.press("Control+z")
    assert saved(graph, server, "between_again")["nodes"]["save"]["images"] == "$first"


def test_a_group_carries_what_lies_in_it_and_nothing_else(graph: Any, server: Serving) -> None:
    for name in ("canvas", "negative"):
        graph.locator(f'[data-id="{name}"] .node-head').click(modifiers=["Control"])
    graph.keyboard.press("Control+g")
    graph.wait_for_selector(".group-title")
    painted(graph)
    before = places(saved(graph, server, "grouped"))
    title = graph.locator(".group-title").bounding_box()
    start = (title["x"] + title["width"] - 30, title["y"] + title["height"] / 2)
    drag(graph, start, (start[0] - 10, start[1] + 90))
    until(graph, f"({ON_TOP})('canvas')")
    after = places(saved(graph, server, "carried"))
    moved = {name: (after[name][0] - x, after[name][1] - y) for name, (x, y) in before.items()}
    assert moved["canvas"] == moved["negative"] and moved["canvas"][1] > 40
    assert moved["sampler"] == moved["positive"] == moved["save"] == (0, 0)


def test_a_group_is_made_larger_by_its_corner_and_carries_what_is_in_it_then(
    graph: Any, server: Serving
) -> None:
    open_text(graph, GRAPH)
    graph.locator('[data-id="first"] .node-head').click()
    graph.keyboard.press("Control+g")
    graph.wait_for_selector(".group-title")
    painted(graph)
    title = graph.locator(".group-title").bounding_box()
    graph.mouse.click(title["x"] + title["width"] - 20, title["y"] + title["height"] / 2)
    graph.wait_for_selector(".react-flow__node-group.selected")
    box = graph.locator(".group").bounding_box()
    lower = graph.locator('[data-id="invert"] .node').bounding_box()
    corner = (box["x"] + box["width"], box["y"] + box["height"])
    wanted = (lower["x"] + lower["width"] + 20, lower["y"] + lower["height"] + 20)
    drag(graph, corner, wanted)
    grown = "document.querySelector('.group').getBoundingClientRect()"
    until(graph, f"Math.hypot({grown}.right - {wanted[0]}, {grown}.bottom - {wanted[1]}) < 4")
    before = places(saved(graph, server, "grown"))
    grip = (title["x"] + title["width"] / 2 + 60, title["y"] + title["height"] / 2)
    drag(graph, grip, (grip[0] + 40, grip[1] + 30))
    after = places(saved(graph, server, "moved"))
    assert after["first"] != before["first"]
    assert after["invert"] != before["invert"]
    assert after["save"] == before["save"]
    graph.keyboard.press("Control+z")
    graph.keyboard.press("Control+z")
    until(graph, f"Math.abs({grown}.width - {box['width']}) < 3")


def test_nodes_are_arranged_from_left_to_right_without_overlap(graph: Any, server: Serving) -> None:
    for name in ("image", "save", "sampler"):
        at = head(graph, name)
        drag(graph, at, (at[0] - 180, at[1] + 30))
    graph.keyboard.press("Shift+a")
    until(graph, """() => {
        const boxes = [...document.querySelectorAll('.react-flow__node-node')]
            .map(node => node.getBoundingClientRect());
        return boxes.every((p, i) => boxes.slice(i + 1).every(q =>
            p.right <= q.left || q.right <= p.left || p.bottom <= q.top || q.bottom <= p.top));
    }""")  # fmt: skip
    at = places(saved(graph, server, "arranged"))
    chain = ["checkpoint", "positive", "sampler", "image", "save"]
    assert all(at[a][0] < at[b][0] for a, b in pairwise(chain))


def test_gaps_are_made_equal(graph: Any) -> None:
    for name in ("canvas", "negative", "positive"):
        graph.locator(f'[data-id="{name}"] .node-head').click(modifiers=["Control"])
    graph.keyboard.press("Control+k")
    graph.get_by_role("combobox").fill("Same gaps down")
    graph.keyboard.press("Enter")
    until(
        graph,
        """() => {
        const [a, b, c] = ["canvas", "negative", "positive"].map(name =>
            document.querySelector(`[data-id="${name}"] .node`).getBoundingClientRect());
        return Math.abs((b.top - a.bottom) - (c.top - b.bottom)) <= 2;
    }""",
    )


def test_nodes_snap_to_the_grid_where_it_is_set(graph: Any, server: Serving) -> None:
    graph.keyboard.press("Control+,")
    graph.get_by_role("checkbox", name="Snap to the grid").check()
    graph.keyboard.press("Escape")
    graph.wait_for_selector(".dialog", state="detached")
    at = head(graph, "canvas")
    drag(graph, at, (at[0] + 37, at[1] - 53))
    x, y = places(saved(graph, server, "snapped"))["canvas"]
    assert x % 8 == 0 and y % 8 == 0


def test_nothing_moves_by_itself_where_less_motion_is_wished(graph: Any) -> None:
    graph.emulate_media(reduced_motion="reduce")
    graph.keyboard.press("t")
    graph.wait_for_selector(".card img")
    longest = """[...document.querySelectorAll('*')].flatMap((element) => {
        const style = getComputedStyle(element);
        return [...style.transitionDuration.split(','), ...style.animationDuration.split(',')];
    }).map(parseFloat).reduce((a, b) => Math.max(a, b), 0)"""
    assert graph.evaluate(longest) <= 0.001
    graph.emulate_media(reduced_motion="no-preference")
    assert graph.evaluate(longest) > 0.05
