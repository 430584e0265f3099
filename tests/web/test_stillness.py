"""What the page does not do: it rests while nobody does anything, and a pan draws nothing anew."""

import json
from typing import Any

import pytest

from tests.server.serving import Serving
from tests.web.conftest import painted, until, visit
from tests.web.gestures import open_text
from tests.web.test_big_graphs import document, look_at

pytestmark = pytest.mark.heavy

# React tells of every commit where its developer tools would listen; React Flow's store merges what
# it is told into its state with Object.assign.
COUNT = """
const seen = window.seen = { fired: 0, commits: 0, changes: 0, told: {} };
for (const name of ["setTimeout", "setInterval", "requestAnimationFrame", "requestIdleCallback"]) {
    const plain = window[name].bind(window);
    window[name] = (task, ...rest) => plain((...args) => {
        seen.fired++;
        return task(...args);
    }, ...rest);
}
window.__REACT_DEVTOOLS_GLOBAL_HOOK__ = {
    supportsFiber: true, inject: () => 1, onCommitFiberUnmount() {}, onPostCommitFiberRoot() {},
    onCommitFiberRoot() { seen.commits++ },
};
const assign = Object.assign;
Object.assign = (into, state, ...more) => {
    if (state?.nodeLookup)
        for (const key of more.flatMap(Object.keys)) seen.told[key] = (seen.told[key] ?? 0) + 1;
    return assign(into, state, ...more);
};
new MutationObserver(list => { seen.changes += list.length }).observe(document,
    { subtree: true, childList: true, attributes: true, characterData: true });
"""
# React gives an element another set of properties whenever its component is drawn anew.
KEEP = """() => {
    const given = node => node[Object.keys(node).find(key => key.startsWith("__reactProps"))];
    window.anew = () => [...kept].filter(([node, props]) => given(node) !== props).length;
    const kept = new Map([...document.querySelectorAll(".node")].map(node => [node, given(node)]));
    return kept.size;
}"""
RESET = "() => Object.assign(window.seen, { fired: 0, commits: 0, changes: 0, told: {} })"
SETTLED, RESTS = 5, 6  # a message stays for four seconds


@pytest.fixture
def page(context: Any, server: Serving) -> Any:
    """The first visit, on a page that counts what it does."""
    context.add_init_script(COUNT)
    return visit(context, server)


def seen(page: Any) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate("window.seen")
    return found


def done_in(page: Any, seconds: float) -> list[int]:
    page.evaluate(RESET)
    page.wait_for_timeout(seconds * 1000)
    return [seen(page)[name] for name in ("fired", "commits", "changes")]


def draws_nothing(page: Any) -> None:
    """Wait until what was done is drawn: React has nothing to add for a while."""
    while done_in(page, 0.3)[1]:
        pass


def assert_rests(page: Any) -> None:
    """Once drafts and plans are written, nothing happens any more."""
    for _ in range(20):
        page.wait_for_load_state("networkidle")
        if not any(done_in(page, SETTLED)):
            break
    assert done_in(page, RESTS) == [0, 0, 0]


def test_the_form_rests(page: Any) -> None:
    assert_rests(page)


def test_the_graph_rests_after_an_edit_and_a_pan(graph: Any) -> None:
    graph.get_by_role("spinbutton", name="sampler steps").press("ArrowUp")
    graph.mouse.move(700, 120)
    graph.mouse.wheel(0, -60)
    assert_rests(graph)


def test_many_nodes_rest_far_off_and_near_by(page: Any) -> None:
    open_text(page, document(200))
    page.wait_for_selector(".far-view")
    assert_rests(page)
    look_at(page, "n100")
    page.wait_for_selector(".node.plain", state="detached")
    assert_rests(page)


def test_a_pan_is_no_work_for_react(graph: Any) -> None:
    graph.mouse.move(700, 120)
    graph.mouse.down(button="middle")
    graph.mouse.move(710, 126)
    draws_nothing(graph)
    graph.evaluate(RESET)
    for step in range(20):
        graph.mouse.move(710 + step, 126 + step)
    painted(graph)
    found = seen(graph)
    graph.mouse.up(button="middle")
    assert found["told"].keys() == {"transform"}
    assert found["commits"] == 0


def test_what_a_pan_brings_into_sight_is_told_to_nobody_else(page: Any) -> None:
    open_text(page, document(200))
    look_at(page, "n100")
    page.wait_for_selector(".node.plain", state="detached")
    page.mouse.move(700, 300)
    page.mouse.down(button="middle")
    page.evaluate(RESET)
    names = "[...document.querySelectorAll('.react-flow__node')].map(node => node.dataset.id)"
    before = set(page.evaluate(names))
    for step in range(30):
        page.mouse.move(700 - 20 * step, 300)
    until(page, f"{names}.some(name => !{json.dumps(sorted(before))}.includes(name))")
    page.wait_for_selector(".node.plain", state="detached")
    told = seen(page)["told"]
    page.mouse.up(button="middle")
    assert "nodes" in told
    assert [name for name in told if name.startswith(("on", "is")) or "Options" in name] == []


CHOSEN = "document.querySelectorAll('.react-flow__node.selected').length"


@pytest.mark.parametrize("far", [True, False])
def test_choosing_and_dragging_draw_no_node_anew(page: Any, far: bool) -> None:
    open_text(page, document(200))
    page.wait_for_selector(".far-view")
    if not far:
        look_at(page, "n100")
        page.wait_for_selector(".node.plain", state="detached")
    draws_nothing(page)
    box = page.locator('[data-id="n100"] .node').bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + min(10, box["height"] / 2)
    assert page.evaluate(KEEP) > 2
    page.keyboard.down("Shift")
    page.mouse.move(60, 60)
    page.mouse.down()
    page.mouse.move(x, y, steps=5)
    page.mouse.up()
    page.keyboard.up("Shift")
    until(page, f"{CHOSEN} > 2")
    assert page.evaluate("window.anew()") == 0
    page.mouse.click(62, 62)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y + 20, steps=5)
    until(page, f"{CHOSEN} === 1")
    assert page.evaluate("window.anew()") == 0
    page.mouse.up()
