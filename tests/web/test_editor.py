"""Journeys through the editor by mouse and keyboard, in Chromium."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.server.serving import ROOT, Serving
from tests.web.conftest import at_rest, painted, until, visit
from tests.web.gestures import centre, drafted, drag, open_text, port, save_as, set_number

pytestmark = pytest.mark.heavy

AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"


def saved(page: Any, server: Serving, name: str) -> dict[str, Any]:
    """The document as a save writes it."""
    save_as(page, f"{name}.yaml")
    document: dict[str, Any] = server.call("GET", f"/api/v1/workflows/{name}.yaml").json["document"]
    return document


def test_the_view_chosen_while_the_page_loads_is_shown(context: Any, server: Serving) -> None:
    page = context.new_page()
    held: list[Any] = []
    page.route("**/api/v1/node-types", lambda route: held.append(route))
    page.goto(f"http://127.0.0.1:{server.port}/?token={server.token}")
    page.get_by_role("button", name="Graph").click()
    page.wait_for_selector(".switcher [aria-pressed=true]:has-text('Graph')")
    expect(page.locator(".node")).to_have_count(0)
    for route in held:
        route.continue_()
    page.wait_for_selector(".node")


def test_a_node_is_found_added_and_undone(graph: Any, server: Serving) -> None:
    graph.mouse.dblclick(640, 720)
    graph.get_by_role("combobox").fill("image invert")
    graph.keyboard.press("Enter")
    graph.wait_for_selector('[data-id="image_invert"]')
    graph.keyboard.press("Control+z")
    graph.wait_for_selector('[data-id="image_invert"]', state="detached")
    graph.keyboard.press("Control+y")
    graph.wait_for_selector('[data-id="image_invert"]')
    assert saved(graph, server, "added")["nodes"]["image_invert"] == {"node": "ImageInvert"}


def test_links_are_drawn_refused_and_taken_away(graph: Any, server: Serving) -> None:
    drag(graph, centre(graph, port("negative", "CONDITIONING")),
         centre(graph, port("sampler", "positive")))  # fmt: skip
    drag(graph, centre(graph, port("checkpoint", "VAE")),
         centre(graph, port("sampler", "negative")))  # fmt: skip
    sampler = saved(graph, server, "links")["nodes"]["sampler"]
    assert sampler["positive"] == "$negative"
    assert sampler["negative"] == "$negative"


def test_a_link_dropped_on_nothing_asks_for_what_fits(graph: Any, server: Serving) -> None:
    drag(graph, centre(graph, port("image", "IMAGE")), (700, 700))
    graph.wait_for_selector(".picker")
    graph.get_by_role("combobox").fill("ksampler")
    expect(graph.get_by_role("option", name="KSampler", exact=True)).to_have_count(0)
    graph.get_by_role("combobox").fill("preview image")
    graph.keyboard.press("Enter")
    graph.wait_for_selector('[data-id="preview"]')
    assert saved(graph, server, "dropped")["nodes"]["preview"]["images"] == "$image"


def test_nodes_move_bypass_copy_and_go(graph: Any, server: Serving) -> None:
    x, y = centre(graph, '[data-id="sampler"] .node-head')
    drag(graph, (x, y), (x + 40, y + 200))
    graph.keyboard.press("Control+b")
    graph.keyboard.press("Control+d")
    graph.wait_for_selector('[data-id="sampler_2"]')
    document = saved(graph, server, "moved")
    assert document["nodes"]["sampler"]["bypass"] is True
    assert document["nodes"]["sampler_2"]["model"] == "$checkpoint.MODEL"
    for _ in range(3):
        graph.keyboard.press("Control+z")
    assert "bypass" not in saved(graph, server, "back")["nodes"]["sampler"]


def test_numbers_take_arithmetic_and_prompts_weights(graph: Any, server: Serving) -> None:
    width = graph.get_by_role("spinbutton", name="canvas width")
    width.click()
    width.fill("128*1.5")
    width.press("Enter")
    prompt = graph.get_by_role("textbox", name="positive text")
    prompt.fill("a red apple")
    prompt.evaluate("area => area.setSelectionRange(2, 5)")
    prompt.press("Control+ArrowUp")
    prompt.press("Control+ArrowUp")
    negative = graph.get_by_role("textbox", name="negative text")
    negative.press_sequentially("ugly, embedding:bad")
    graph.get_by_role("option", name="badly_drawn").wait_for()
    graph.get_by_role("option", name="bad_hands").wait_for()
    for key in ("ArrowUp", "ArrowDown", "Enter"):
        negative.press(key)
    expect(negative).to_have_value("ugly, embedding:bad_hands")
    negative.blur()
    nodes = saved(graph, server, "values")["nodes"]
    assert nodes["canvas"]["width"] == 192
    assert nodes["positive"]["text"] == "a (red:1.1) apple"


def test_text_and_graph_follow_each_other(graph: Any, server: Serving) -> None:
    graph.keyboard.press("y")
    area = graph.get_by_role("textbox", name="Text", exact=True)
    graph.wait_for_selector(".yaml")
    until(graph, "document.querySelector('.yaml').value.includes('steps: 20')")
    area.fill("# mine\n" + area.input_value().replace("steps: 20", "steps: 7"))
    steps = graph.get_by_role("spinbutton", name="sampler steps")
    expect(steps).to_have_value("7")
    steps.click()
    steps.fill("9")
    steps.press("Enter")
    until(graph, "document.querySelector('.yaml').value.includes('steps: 9')")
    assert area.input_value().startswith("# mine\n")
    area.fill("nodes: [")
    expect(graph.locator(".wrong")).to_contain_text("Line")


def test_a_reload_brings_unsaved_work_back(graph: Any) -> None:
    steps = graph.get_by_role("spinbutton", name="sampler steps")
    steps.click()
    steps.fill("11")
    steps.press("Enter")
    drafted(graph, "({ document }) => document.nodes.sampler.steps === 11")
    graph.reload()
    graph.wait_for_selector(".node")
    expect(graph.get_by_role("spinbutton", name="sampler steps")).to_have_value("11")


def test_chinese_dark_and_the_keyboard_alone(page: Any) -> None:
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill("settings")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="中文").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="深色").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="运行").first.wait_for()
    until(page, "document.documentElement.dataset.theme === 'dark'")
    until(page, "document.documentElement.lang === 'zh'")


@pytest.mark.parametrize("view", ["form", "graph"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_serious_finding_of_axe(page: Any, view: str, theme: str) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm ci in web/")
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    if view == "graph":
        page.get_by_role("button", name="Graph").click()
        page.wait_for_selector(".node")
    # A change of theme comes by an event and fades; axe must not measure the colours half-way.
    until(page, f"document.documentElement.dataset.theme === '{theme}'")
    painted(page)
    until(page, "document.getAnimations().length === 0")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    serious = [
        (found["id"], [node["html"][:160] for node in found["nodes"]][:3])
        for found in result["violations"]
        if found["impact"] in ("serious", "critical")
    ]
    assert serious == []


MIDDLE = """() => {
    const path = document.querySelector('[data-id="checkpoint.VAE>image.vae"] path');
    const point = path.getPointAtLength(path.getTotalLength() * 0.3);
    const { x, y } = point.matrixTransform(path.getScreenCTM());
    return [x, y];
}"""


def test_links_bend_and_nodes_are_aligned_and_coloured(graph: Any, server: Serving) -> None:
    graph.mouse.dblclick(*graph.evaluate(MIDDLE))
    graph.wait_for_selector('[data-id="reroute"]')
    for name in ("positive", "canvas"):
        graph.locator(f'[data-id="{name}"] .node-head').click(modifiers=["Control"])
    for item in ("Colour: #3f9a55", "Align bottom edges"):
        graph.locator('[data-id="positive"] .node-head').click(button="right")
        graph.get_by_role("menuitem", name=item).click()
    document = saved(graph, server, "bent")
    assert document["nodes"]["reroute"] == {"node": "Reroute", "value": "$checkpoint.VAE"}
    assert document["nodes"]["image"]["vae"] == "$reroute"
    places = document["layout"]["nodes"]
    assert places["positive"]["colour"] == places["canvas"]["colour"] == "#3f9a55"
    positive, canvas = (
        f"document.querySelector('[data-id={name}] .node').getBoundingClientRect().bottom"
        for name in ("positive", "canvas")
    )
    until(graph, f"Math.abs({positive} - {canvas}) <= 1.5")


def test_the_values_of_a_loop_are_edited_in_the_form(page: Any, server: Serving) -> None:
    open_text(page, (ROOT / "workflows" / "for_each.yaml").read_text(encoding="utf-8"))
    values = page.get_by_role("textbox", name="Prompts")
    expect(values).to_have_value(re.compile("^a red apple on a blue background\n"))
    values.fill("a cactus\n\na penguin")
    values.blur()
    assert saved(page, server, "loop")["nodes"]["pictures"]["loop"] == {
        "each": {"prompt": ["a cactus", "a penguin"]}
    }


def test_a_selection_becomes_a_subgraph_that_runs_and_is_seen_inside(
    graph: Any, server: Serving
) -> None:
    for name in ("positive", "negative", "canvas", "sampler"):
        graph.locator(f'[data-id="{name}"] .node-head').click(modifiers=["Control"])
    graph.keyboard.press("Control+Shift+e")
    graph.wait_for_selector('[data-id="part"]')
    document = saved(graph, server, "subgraph")
    assert document["inputs"]["prompt"] == "$part.prompt"
    assert document["nodes"]["image"]["samples"] == "$part.latent"
    set_number(graph, "part steps", "3")
    graph.get_by_role("button", name="Run", exact=True).click()
    graph.wait_for_selector('[data-id="save"] .verdict.ran')
    graph.locator('[data-id="part"] .node-head').dblclick()
    graph.wait_for_selector('[data-id="sampler"] .verdict.ran')
    at_rest(graph)
    drag(graph, centre(graph, port("inputs", "+")), centre(graph, port("canvas", "width")))
    drag(graph, centre(graph, port("positive", "CONDITIONING")),
         centre(graph, port("outputs:", "+")))  # fmt: skip
    name = graph.get_by_role("textbox", name="Rename: width")
    name.fill("wide")
    name.press("Enter")
    inside = saved(graph, server, "inside")["subgraphs"]["part"]
    assert inside["inputs"]["wide"] == {"type": "INT", "default": 128}
    assert inside["nodes"]["canvas"]["width"] == "$inputs.wide"
    assert inside["outputs"] == {"latent": "$sampler", "conditioning": "$positive.CONDITIONING"}
    graph.locator(".react-flow__pane").click(position={"x": 600, "y": 620})
    graph.keyboard.press("Escape")
    expect(graph.get_by_role("spinbutton", name="part wide")).to_have_value("128")
    graph.locator('[data-id="part"] .node-head').click(button="right")
    graph.get_by_role("menuitem", name="Take the subgraph apart").click()
    graph.wait_for_selector('[data-id="sampler"]')
    document = saved(graph, server, "apart")
    assert document["inputs"]["prompt"] == "$positive.text" and not document.get("subgraphs")


WIDGET_PAGE = (ROOT / "docs" / "write-a-widget.md").read_text(encoding="utf-8")
WIDGET_FILES = re.findall(
    r"^```(?:python|js) (\S+)\n(.*?)^```", WIDGET_PAGE, re.DOTALL | re.MULTILINE
)
REACH = """async () => [
    await fetch("/api/v1/health").then(() => "reached", () => "refused"),
    (() => { try { return parent.document.title } catch (error) { return error.name } })(),
]"""


def test_widgets_and_previews_of_plugins_run_in_a_sandbox(
    context: Any, server: Serving, tmp_path: Path
) -> None:
    assert [name for name, _ in WIDGET_FILES] == [
        "plugins/spot/__init__.py",
        "plugins/spot/spot.js",
    ]
    for name, text in WIDGET_FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    server.package(tmp_path / "plugins" / "spot")
    server.package(ROOT / "examples" / "plugins" / "levels")
    page = visit(context, server)
    page.get_by_role("button", name="Graph").click()
    with page.expect_response("**/node-types"):
        page.keyboard.press("r")
    open_text(
        page,
        "nodes:\n  grey: {node: EmptyImage, width: 64, height: 64, color: 0x507090}\n"
        "  lit: {node: Spotlight, image: $grey}\n"
        "  curve: {node: ToneCurve, image: $lit, curve: [[0, 0.2], [1, 0.9]]}\n"
        "  count: {node: CountLevels, image: $curve}\n"
        "  show: {node: ShowLevels, levels: $count}\n",
    )
    dot = page.frame_locator('[data-id="lit"] iframe').get_by_role("button", name="place")
    for key, side in (("ArrowRight", "left"), ("ArrowDown", "top")):
        dot.press(key)
        expect(dot).to_have_attribute("style", re.compile(f"{side}: 52%"))
    page.locator('[data-id="lit"] .node-head').click()
    assert saved(page, server, "lit")["nodes"]["lit"]["place"] == [0.52, 0.52]
    page.keyboard.press("Control+z")
    assert saved(page, server, "lit_once")["nodes"]["lit"]["place"] == [0.52, 0.5]
    page.frame_locator('[data-id="curve"] iframe').get_by_role("slider").first.press("ArrowUp")
    page.get_by_role("button", name="Run", exact=True).click()
    shown = page.frame_locator('[data-id="show"] iframe')
    shown.get_by_role("img", name="Levels of 4096 pixels").wait_for()
    until(page, "document.querySelector('[data-id=curve] iframe').clientHeight === 160")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    frames = [frame for frame in page.frames if "/frames/" in frame.url]
    assert len(frames) == 3
    for frame in frames:
        until(frame, "document.documentElement.style.colorScheme === 'dark'")
        assert frame.evaluate(REACH) == ["refused", "SecurityError"]
