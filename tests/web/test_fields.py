"""Journeys through fields: large seeds, undo in prompts, wrong files, doubts."""

import base64
import io
import re
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.server.serving import ROOT, Serving
from tests.web.conftest import at_rest, painted, until
from tests.web.gestures import DROP, drafted, drag, open_text, set_number
from tests.web.test_big_graphs import VIEW, view
from tests.web.test_editor import saved

pytestmark = pytest.mark.heavy

LOAD = "nodes: {load: {node: LoadImage, image: ''}, save: {node: SaveImage, images: $load.IMAGE}}"

BESIDE = """nodes: {near: {node: EmptyImage}, far: {node: PreviewImage, images: $near}}
layout: {nodes: {near: {x: -500, y: -300}, far: {x: 2500, y: 900}}}
"""


def png(side: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (side, side), "teal").save(file, "PNG")
    return file.getvalue()


def drop_on(page: Any, selector: str, name: str, kind: str, data: bytes) -> None:
    held = page.evaluate_handle(DROP, [name, kind, base64.b64encode(data).decode()])
    page.dispatch_event(selector, "drop", {"dataTransfer": held})


def test_seeds_are_shown_to_the_last_digit_and_go_on_from_there(page: Any, server: Serving) -> None:
    set_number(page, "Steps", "1")
    seed = page.get_by_role("spinbutton", name="Seed")
    for typed, after in (
        ("249514639066001", "249514639066002"),
        ("1125899906842624123", "1125899906842624124"),
    ):
        set_number(page, "Seed", typed)
        expect(seed).to_have_value(typed)
        while page.get_by_role("button", name="Seed: Seed + 1 after each run").count() == 0:
            page.locator(".seed button").last.click()
        page.keyboard.press("Control+Enter")
        until(page, f"document.querySelector('.seed input').value === '{after}'")
    page.wait_for_selector(".form-result .stage button img")
    expect(page.locator(".form .node-problems")).to_have_count(0)
    seed.fill("many")
    expect(seed).to_have_attribute("aria-invalid", "true")
    seed.press("Enter")
    expect(seed).to_have_value("1125899906842624124")
    assert saved(page, server, "seeds")["nodes"]["sampler"]["seed"] == 1125899906842624124
    text = server.call("GET", "/api/v1/workflows/seeds.yaml").json["text"]
    assert "seed: 1125899906842624124" in text


def test_the_next_seed_goes_to_the_tab_that_was_run(page: Any) -> None:
    set_number(page, "Steps", "1")
    set_number(page, "Seed", "70")
    while page.get_by_role("button", name="Seed: Seed + 1 after each run").count() == 0:
        page.locator(".seed button").last.click()
    held: list[Any] = []
    page.route("**/api/v1/jobs", lambda route: held.append(route))
    with page.expect_request("**/api/v1/jobs"):
        page.keyboard.press("Control+Enter")
    page.get_by_role("main").click(position={"x": 600, "y": 20})
    page.keyboard.press("t")
    page.get_by_role("button", name="Inpainting").click()
    page.wait_for_selector(".tab.on:has-text('Inpainting')")
    while page.get_by_role("button", name="Seed: Seed + 1 after each run").count() == 0:
        page.locator(".seed button").last.click()
    shown = page.locator(".seed input")
    before = shown.input_value()
    (route,) = held
    with page.expect_response("**/api/v1/jobs") as answer:
        route.continue_()
    answer.value.finished()
    painted(page)
    page.locator(".tab-name").first.click()
    until(page, "document.querySelector('.seed input').value === '71'")
    page.locator(".tab-name").last.click()
    page.wait_for_selector(".tab.on:has-text('Inpainting')")
    expect(shown).to_have_value(before)


def test_what_a_number_field_does_not_take_is_told(page: Any) -> None:
    for name, typed, kept, told in (
        ("Steps", "99999", "10000", "At most 10000"),
        ("Steps", "0", "1", "At least 1"),
        ("Steps", "2.5", "3", "Whole numbers only"),
        ("Steps", "many", "3", "“many” is no number"),
        ("Seed", "99999999999999999999", "18446744073709551615", "At most 18446744073709551615"),
    ):
        set_number(page, name, typed)
        note = page.locator(f".form-row:has([aria-label={name}]) .number-note")
        expect(note).to_have_text(told)
        expect(page.get_by_role("spinbutton", name=name)).to_have_value(kept)
    set_number(page, "CFG", "4")
    expect(page.locator(".form-row:has([aria-label=CFG]) .number-note")).to_have_count(0)
    steps = page.get_by_role("spinbutton", name="Steps")
    steps.fill("1")
    steps.press("ArrowDown")
    page.wait_for_selector(".form-row:has([aria-label=Steps]) .number-note:has-text('At least 1')")


def test_an_area_that_the_form_shows_is_drawn_there(page: Any, server: Serving) -> None:
    open_text(page, (ROOT / "workflows" / "regions.yaml").read_text(encoding="utf-8"))
    page.get_by_role("button", name="Graph").click()
    page.locator('[data-id="right"] .area-stage').click(button="right", position={"x": 5, "y": 40})
    page.get_by_role("menuitem", name="Show in the form: x, y, width, height").click()
    page.get_by_role("button", name="Form").click()
    page.get_by_text("right · Area").wait_for()
    expect(page.get_by_role("spinbutton", name="X", exact=True)).to_have_value("128")
    box = page.locator(".form .area-box").bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    drag(page, middle, (middle[0] - box["width"] / 2, middle[1]))
    expect(page.get_by_role("spinbutton", name="X", exact=True)).to_have_value("64")
    document = saved(page, server, "area_form")
    assert document["nodes"]["right"]["x"] == 64
    assert document["inputs"]["width"] == "$right.width"


def test_weights_and_completed_names_are_undone_in_the_prompt(page: Any) -> None:
    prompt = page.get_by_role("textbox", name="Prompt")
    prompt.click()
    prompt.press("Control+a")
    prompt.press_sequentially("a red apple")
    prompt.evaluate("field => field.setSelectionRange(2, 5)")
    prompt.press("Control+ArrowUp")
    prompt.press("Control+ArrowUp")
    expect(prompt).to_have_value("a (red:1.1) apple")
    selected = "(({selectionStart: s, selectionEnd: e}) => s === 3 && e === 6)"
    until(page, f"{selected}(document.activeElement)")
    prompt.press("Control+z")
    prompt.press("Control+z")
    expect(prompt).to_have_value("a red apple")
    prompt.press("Control+End")
    prompt.press_sequentially(" embedding:bad")
    page.get_by_role("option", name="bad_hands").wait_for()
    prompt.press("Enter")
    expect(prompt).to_have_value("a red apple embedding:bad_hands")
    expect(page.get_by_role("listbox")).to_have_count(0)
    prompt.press("Control+z")
    expect(prompt).to_have_value("a red apple embedding:bad")


def test_a_file_that_is_no_picture_is_refused_in_words(page: Any) -> None:
    open_text(page, LOAD)
    page.wait_for_selector(".picture")
    drop_on(page, ".picture", "fine.png", "image/png", png(40))
    page.wait_for_selector('.picture img[alt="fine.png"]')
    drop_on(page, ".picture", "notes.txt", "text/plain", b"hello")
    page.wait_for_selector(".toast:has-text('notes.txt: it is no picture')")
    drop_on(page, ".picture", "half.png", "image/png", png(40)[:60])
    page.wait_for_selector(".toast:has-text('half.png: it is damaged')")
    expect(page.locator('.picture img[alt="fine.png"]')).to_have_count(1)


def test_strokes_that_are_not_used_are_asked_about(page: Any) -> None:
    open_text(page, LOAD)
    drop_on(page, ".picture", "plain.png", "image/png", png(64))
    page.get_by_role("button", name="Paint a mask").click()
    page.wait_for_selector(".painter-sheet canvas.mask")
    page.keyboard.press("Escape")
    page.wait_for_selector(".painter", state="detached")
    page.get_by_role("button", name="Paint a mask").click()
    page.wait_for_selector(".painter-sheet canvas.mask")
    painted(page)
    box = page.locator("canvas.mask").bounding_box()
    at = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    drag(page, at, (at[0] + 60, at[1]))
    page.keyboard.press("Escape")
    page.get_by_role("alertdialog", name="These strokes are not used yet.").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_selector(".painter-ask", state="detached")
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Drop them").click()
    page.wait_for_selector(".painter", state="detached")


def test_after_the_last_tab_there_are_ways_on(page: Any) -> None:
    page.get_by_role("button", name="Close: Text to image").click()
    page.get_by_role("heading", name="No workflow is open").wait_for()
    box = "document.querySelector('.nothing-open h1').getBoundingClientRect()"
    until(page, f"(({{ x, width }}) => Math.abs(x + width / 2 - 662) < 2)({box})")
    for name in ("New workflow", "Templates", "Open…"):
        expect(page.locator(".nothing-open").get_by_role("button", name=name)).to_have_count(1)
    page.get_by_role("button", name="Bring the closed workflow back").click()
    page.wait_for_selector(".form h1")


def test_a_picture_over_a_dialog_closes_alone_and_a_list_gives_the_focus_back(page: Any) -> None:
    set_number(page, "Steps", "1")
    page.get_by_role("main").click(position={"x": 600, "y": 20})
    page.keyboard.press("s")
    page.get_by_role("textbox", name="Across: Values").fill("1, two, 2")
    page.get_by_text("Left out, since it is no value of this input: two").wait_for()
    page.get_by_role("button", name="Run 2 variants").click()
    page.locator(".sweep-grid td img").first.click()
    page.wait_for_selector(".viewer")
    page.keyboard.press("Escape")
    page.wait_for_selector(".viewer", state="detached")
    expect(page.locator(".sweep-grid")).to_have_count(1)
    page.keyboard.press("Escape")
    page.wait_for_selector(".sweep-grid", state="detached")

    open_text(page, "nodes: {up: {node: UNETLoader, unet_name: none.safetensors}}")
    page.locator('[data-id="up"] .choice').first.click()
    page.wait_for_selector(".picker-none:has-text('Put some into models/diffusion_models')")
    page.keyboard.press("Escape")
    until(page, "document.activeElement.classList.contains('choice')")
    page.wait_for_selector(".node-problems:has-text('a file in models/diffusion_models')")


def test_show_all_keeps_nodes_from_under_the_overview(page: Any) -> None:
    open_text(page, (ROOT / "workflows" / "txt2img.yaml").read_text(encoding="utf-8"))
    page.get_by_role("button", name="Graph").click()
    page.wait_for_selector(".node")
    at_rest(page)
    page.locator('[data-id="save"] .node-head').click()
    for _ in range(60):
        page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press(".")
    at_rest(page)
    clear_of_the_overview(page)
    page.mouse.move(640, 300)
    before = view(page)[0]
    page.mouse.wheel(0, -300)
    until(page, f"({VIEW})()[0] > {before}")
    at_rest(page)
    zoomed = page.locator('[data-id="sampler"]').bounding_box()
    page.keyboard.press("f")
    page.wait_for_selector(".form h1")
    page.keyboard.press("f")
    page.wait_for_selector(".node")
    at_rest(page)
    assert page.locator('[data-id="sampler"]').bounding_box() == pytest.approx(zoomed, abs=1)
    drafted(page, "({ view }) => view === 'graph'")
    page.reload()
    page.wait_for_selector(".node")
    at_rest(page)
    clear_of_the_overview(page)
    # A graph that is opened beside another is seen whole too.
    open_text(page, BESIDE)
    page.wait_for_selector('[data-id="far"]')
    canvas = page.locator(".canvas").bounding_box()
    for name in ("near", "far"):
        box = page.locator(f'[data-id="{name}"]').bounding_box()
        assert box["y"] > canvas["y"] and box["x"] > canvas["x"]
        assert box["x"] + box["width"] < canvas["x"] + canvas["width"]


def clear_of_the_overview(page: Any) -> None:
    over = page.locator(".overview").bounding_box()
    for node in page.locator(".react-flow__node").all():
        box = node.bounding_box()
        assert box["x"] + box["width"] <= over["x"] or box["y"] + box["height"] <= over["y"]


def test_a_missing_node_keeps_its_links_and_their_ports_are_full(page: Any) -> None:
    open_text(
        page,
        "nodes: {flat: {node: EmptyImage}, gone: {node: NotThere, image: $flat.IMAGE, size: 3},"
        " save: {node: SaveImage, images: $gone.IMAGE}, show: {node: PreviewAny, source: $gone}}",
    )
    page.wait_for_selector('[data-id="gone"] .node-missing')
    port = '[data-id="gone"] [data-handleid="%s"].hollow'
    for name, count in (("image", 0), ("size", 1)):
        expect(page.locator(port % name)).to_have_count(count)
    for link in ("flat.IMAGE → gone.image", "gone.IMAGE → save.images", "gone. → show.source"):
        page.wait_for_selector(f'.react-flow__edge[aria-label="{link}"] path', state="attached")
    page.locator('[data-id="gone"] .node-head').click()
    page.keyboard.press("Alt+c")
    page.wait_for_selector('[data-id="gone"] .folded')
    for link in ("flat.IMAGE → gone.image", "gone.IMAGE → save.images", "gone. → show.source"):
        page.wait_for_selector(f'.react-flow__edge[aria-label="{link}"] path', state="attached")


def test_a_number_field_shows_what_is_no_number_and_mends_it(page: Any) -> None:
    open_text(page, "nodes: {far: {node: EmptyImage, width: many, height: 64, color: 7},"
                    " show: {node: PreviewImage, images: $far}}")  # fmt: skip
    field = page.locator('[data-id="far"] [role="spinbutton"]').first
    page.wait_for_selector(".node-problems:has-text(\"'many' is not a whole number\")")
    expect(field).to_have_value("many")
    field.click()
    field.press("ArrowUp")
    page.wait_for_selector(".node-problems", state="detached")
    expect(field).to_have_value(re.compile(r"^\d+$"))
