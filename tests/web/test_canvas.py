"""Journeys over the canvas: links by their ends, refusals, the clipboard, groups and notes."""

import json
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.server.serving import Serving
from tests.web.conftest import until, visit
from tests.web.gestures import centre, drag, port
from tests.web.test_editor import saved

pytestmark = pytest.mark.heavy

API = {
    "3": {"class_type": "KSampler", "inputs": {
        "seed": 5, "steps": 20, "cfg": 8, "sampler_name": "euler", "scheduler": "normal",
        "denoise": 1, "model": ["4", 0], "positive": ["6", 0], "negative": ["6", 0],
        "latent_image": ["5", 0]}},
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "tiny-emoji"}},
    "5": {"class_type": "EmptyLatentImage",
          "inputs": {"width": 512, "height": 512, "batch_size": 1}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "hello", "clip": ["4", 1]}},
}  # fmt: skip
EDITOR = {
    "version": 0.4, "links": [[1, 1, 0, 2, 0, "LATENT"]],
    "nodes": [
        {"id": 1, "type": "EmptyLatentImage", "pos": [0, 0], "size": [315, 106], "mode": 0,
         "inputs": [], "outputs": [], "widgets_values": [64, 64, 1], "color": "#232"},
        {"id": 2, "type": "VAEDecode", "pos": [400, 0], "size": [210, 46], "mode": 4, "outputs": [],
         "inputs": [{"name": "samples", "type": "LATENT", "link": 1}], "widgets_values": []},
        {"id": 3, "type": "Note", "pos": [0, 180], "size": [200, 100], "mode": 0, "inputs": [],
         "outputs": [], "widgets_values": ["remember the size"]},
    ],
    "groups": [{"title": "Start", "bounding": [-20, -60, 680, 380], "color": "#3f789e"}],
}  # fmt: skip


def paste(page: Any, text: str, at: tuple[float, float] = (640, 600)) -> None:
    """What another window or program copied is pasted with the pointer at a place."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    page.mouse.move(*at)
    page.keyboard.press("Control+v")


def overlaps(page: Any) -> list[list[str]]:
    """Pairs of nodes that lie on each other."""
    found: list[list[str]] = page.evaluate("""() => {
        const boxes = [...document.querySelectorAll(".react-flow__node-node")]
            .map((node) => [node.dataset.id, node.getBoundingClientRect()]);
        return boxes.flatMap(([a, p], i) => boxes.slice(i + 1)
            .filter(([_, q]) => p.left < q.right && q.left < p.right
                && p.top < q.bottom && q.top < p.bottom)
            .map(([b]) => [a, b]));
    }""")
    return found


def test_a_link_is_taken_by_its_end_to_another_input_and_away(graph: Any, server: Serving) -> None:
    positive, negative = port("sampler", "positive"), port("sampler", "negative")
    graph.locator(positive).click()
    drag(graph, centre(graph, negative), (700, 740))
    sampler = saved(graph, server, "cut")["nodes"]["sampler"]
    assert sampler["positive"] == "$positive" and "negative" not in sampler
    drag(graph, centre(graph, positive), centre(graph, negative))
    sampler = saved(graph, server, "moved_link")["nodes"]["sampler"]
    assert sampler["negative"] == "$positive" and "positive" not in sampler
    graph.keyboard.press("Control+z")
    sampler = saved(graph, server, "moved_back")["nodes"]["sampler"]
    assert sampler["positive"] == "$positive" and "negative" not in sampler


def test_a_refused_link_says_why_and_ports_that_do_not_fit_fade(
    graph: Any, server: Serving
) -> None:
    start, end = (
        centre(graph, port("checkpoint", "VAE")),
        centre(graph, port("sampler", "negative")),
    )
    graph.mouse.move(*start)
    graph.mouse.down()
    graph.mouse.move(end[0] - 60, end[1], steps=4)
    expect(graph.locator(port("sampler", "model") + ".unfit")).to_have_count(1)
    expect(graph.locator(port("image", "vae") + ".unfit")).to_have_count(0)
    graph.mouse.move(*end, steps=4)
    reason = "negative takes CONDITIONING; this is VAE."
    expect(graph.locator(".link-reason")).to_have_text(reason)
    graph.mouse.up()
    expect(graph.locator(".toast")).to_have_text(reason)
    drag(
        graph,
        centre(graph, port("sampler", "LATENT")),
        centre(graph, port("sampler", "latent_image")),
    )
    expect(graph.locator(".toast")).to_have_text("A node cannot feed itself.")
    drag(graph, centre(graph, port("sampler", "latent_image")), centre(graph, port("image", "vae")))
    sampler = saved(graph, server, "kept")["nodes"]["sampler"]
    assert sampler["latent_image"] == "$canvas"


def test_a_link_dropped_on_a_node_takes_the_port_that_fits(graph: Any, server: Serving) -> None:
    drag(graph, centre(graph, port("sampler", "negative")), (700, 740))
    drag(graph, centre(graph, port("negative", "CONDITIONING")),
         centre(graph, '[data-id="sampler"] .node-head'))  # fmt: skip
    assert saved(graph, server, "body")["nodes"]["sampler"]["negative"] == "$negative"
    drag(graph, centre(graph, port("negative", "CONDITIONING")),
         centre(graph, '[data-id="image"] .node-head'))  # fmt: skip
    expect(graph.locator(".toast")).to_have_text("image has no port for this link.")


def test_graphs_of_comfyui_are_pasted_laid_out_with_groups_and_notes(
    graph: Any, server: Serving
) -> None:
    graph.keyboard.press("Control+a")
    graph.keyboard.press("Delete")
    paste(graph, json.dumps(API), (200, 200))
    for node in API:
        graph.wait_for_selector(f'[data-id="{node}"] .node')
    assert overlaps(graph) == []
    paste(graph, json.dumps(EDITOR))
    graph.wait_for_selector(".note")
    document = saved(graph, server, "pasted")
    assert document["nodes"]["2"]["bypass"] is True
    assert document["nodes"]["3"]["node"] == "KSampler"
    layout = document["layout"]
    group, note = layout["groups"]["1"], layout["notes"]["3"]
    assert (group["title"], group["w"], group["h"]) == ("Start", 680, 380)
    assert note["text"] == "remember the size"
    assert (note["x"] - group["x"], note["y"] - group["y"]) == (20, 240)
    assert layout["nodes"]["1"]["x"] - group["x"] == 20
    paste(graph, "only words")
    graph.wait_for_selector(".toast:has-text('Nothing to paste')")


def test_groups_notes_and_subgraphs_go_through_the_clipboard_to_another_window(
    context: Any, graph: Any, server: Serving
) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    for name in ("positive", "negative"):
        graph.locator(f'[data-id="{name}"] .node-head').click(modifiers=["Control"])
    graph.keyboard.press("Control+g")
    graph.wait_for_selector(".group")
    graph.keyboard.press("Control+Shift+e")
    graph.wait_for_selector('[data-id="part"]')
    graph.locator(".react-flow__pane").click(position={"x": 700, "y": 690})
    graph.keyboard.press("Control+a")
    graph.keyboard.press("Control+c")
    other = visit(context, server)
    other.keyboard.press("Control+Alt+n")
    other.wait_for_selector(".canvas-hint")
    other.mouse.move(300, 200)
    other.keyboard.press("Control+v")
    other.wait_for_selector('[data-id="part"]')
    document = saved(other, server, "elsewhere")
    assert document["subgraphs"]["part"]["nodes"]["positive"]["node"] == "CLIPTextEncode"
    assert document["nodes"]["part"]["node"] == "part"
    assert [group["title"] for group in document["layout"]["groups"].values()] == ["Group"]
    places = document["layout"]["nodes"]
    other.keyboard.press("Control+v")
    other.wait_for_selector('[data-id="part_2"]')
    again = saved(other, server, "twice")["layout"]["nodes"]
    assert again["checkpoint_2"]["x"] == places["checkpoint"]["x"] + 32
    assert list(saved(other, server, "twice")["subgraphs"]) == ["part"]
    other.keyboard.press("Control+z")
    other.wait_for_selector('[data-id="part_2"]', state="detached")
    other.locator('[data-id="part"] .node-head').dblclick()
    other.wait_for_selector('[data-id="positive"]')
    other.keyboard.press("Control+v")
    other.wait_for_selector(".toast:has-text('cannot be inside itself')")


ON_LINK = """() => {
    const path = document.querySelector('[data-id="image.IMAGE>save.images"] path');
    const point = path.getPointAtLength(path.getTotalLength() * 0.5);
    const { x, y } = point.matrixTransform(path.getScreenCTM());
    return [x, y];
}"""


def test_a_link_has_a_menu_that_inserts_bends_and_cuts(graph: Any, server: Serving) -> None:
    def choose(item: str) -> None:
        graph.wait_for_selector('[data-id="image.IMAGE>save.images"] path', state="attached")
        graph.mouse.click(*graph.evaluate(ON_LINK), button="right")
        graph.get_by_role("menuitem", name=item).click()

    choose("Insert a node")
    graph.get_by_role("combobox").fill("k")
    names = graph.get_by_role("option").all_inner_texts()
    assert names and not any(name.startswith("KSampler") for name in names)
    graph.get_by_role("combobox").fill("invert")
    graph.keyboard.press("Enter")
    graph.wait_for_selector('[data-id="image_invert"]')
    nodes = saved(graph, server, "inserted")["nodes"]
    assert nodes["image_invert"]["image"] == "$image"
    assert nodes["save"]["images"] == "$image_invert"
    graph.keyboard.press("Control+z")
    graph.keyboard.press("Control+z")
    graph.wait_for_selector('[data-id="image_invert"]', state="detached")
    choose("Cut the link")
    assert "images" not in saved(graph, server, "no_link")["nodes"]["save"]


def test_the_search_puts_what_is_wanted_first_and_leaves_out_what_does_not_fit(graph: Any) -> None:
    drag(graph, centre(graph, port("sampler", "LATENT")), (820, 700))
    graph.get_by_role("option").first.wait_for()
    first = [text.split("\n")[0] for text in graph.get_by_role("option").all_inner_texts()[:2]]
    assert sorted(first) == ["KSampler", "VAE Decode"]
    for query, found in (("save", "Save Image"), ("rerout", "Reroute"), ("note", "Add a note")):
        graph.get_by_role("combobox").press("Escape")
        graph.mouse.dblclick(640, 740)
        graph.get_by_role("combobox").fill(query)
        options = graph.get_by_role("option")
        expect(options.first.locator(".picker-label")).to_have_text(found)
        if query == "rerout":
            expect(options).to_have_count(1)
    graph.keyboard.press("Enter")
    graph.wait_for_selector(".note")


def test_alt_clones_ctrl_selects_space_pans_and_an_edge_resizes(
    graph: Any, server: Serving
) -> None:
    x, y = centre(graph, '[data-id="save"] .node-head')
    graph.keyboard.down("Alt")
    drag(graph, (x, y), (x - 100, y + 300))
    graph.keyboard.up("Alt")
    graph.wait_for_selector('[data-id="save_2"]')
    document = saved(graph, server, "cloned")
    assert document["nodes"]["save_2"]["images"] == "$image"
    places = document["layout"]["nodes"]
    assert places["save"]["x"] == 1216 and places["save_2"]["y"] > places["save"]["y"] + 200
    graph.keyboard.press("Control+z")
    until(graph, "document.querySelectorAll('.react-flow__node').length === 7")
    graph.keyboard.down("Control")
    drag(graph, (560, 230), (1000, 530))
    graph.keyboard.up("Control")
    until(graph, "document.querySelectorAll('.selected > .node').length === 2")
    graph.locator(".react-flow__pane").click(position={"x": 700, "y": 690})
    box = graph.locator('[data-id="image"] .node').bounding_box()
    edge, top = box["x"] + box["width"] - 2, box["y"] + 8
    drag(graph, (edge, top), (edge + 40, top))
    assert saved(graph, server, "wide")["layout"]["nodes"]["image"]["w"] > 260
    view = "document.querySelector('.react-flow__viewport').style.transform"
    before = graph.evaluate(view)
    graph.keyboard.down("Space")
    drag(graph, centre(graph, '[data-id="sampler"] .node-head'), (700, 500))
    graph.keyboard.up("Space")
    until(graph, f"{view} !== '{before}'")
    assert saved(graph, server, "panned")["layout"]["nodes"]["sampler"]["x"] == 608


def test_models_node_types_and_pictures_come_as_nodes_and_a_node_tells_what_it_does(
    graph: Any, server: Serving
) -> None:
    graph.keyboard.press("m")
    graph.get_by_role("button", name="tiny-flat").click()
    graph.wait_for_selector('[data-id="lora"]')
    graph.keyboard.press("n")
    graph.get_by_role("textbox", name="Find a node type").fill("invert image")
    graph.get_by_role("button", name="Invert Image").first.drag_to(
        graph.locator(".react-flow__pane"), target_position={"x": 500, "y": 600}
    )
    graph.wait_for_selector('[data-id="image_invert"]')
    graph.context.grant_permissions(["clipboard-read", "clipboard-write"])
    graph.evaluate("""async () => {
        const sheet = document.createElement("canvas");
        sheet.getContext("2d").fillRect(0, 0, 32, 32);
        const blob = await new Promise((done) => sheet.toBlob(done));
        await navigator.clipboard.write([new ClipboardItem({ "image/png": blob })]);
    }""")
    graph.locator(".react-flow__pane").click(position={"x": 500, "y": 40})
    graph.keyboard.press("Control+v")
    graph.wait_for_selector('[data-id="picture"]')
    nodes = saved(graph, server, "added_from_lists")["nodes"]
    assert nodes["lora"]["lora_name"] == "tiny-flat.safetensors"
    assert nodes["picture"]["image"].endswith(".png")
    graph.locator('[data-id="image_invert"] .node-head').click(button="right")
    graph.get_by_role("menuitem", name="What it does").click()
    dialog = graph.get_by_role("dialog")
    for words in ("ImageInvert", "IMAGE · required"):
        dialog.get_by_text(words).first.wait_for()
