"""Journeys with documents: versions, what other programs did, templates, the keyboard alone."""

import json
import os
from random import Random
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.server.serving import Serving
from tests.web.conftest import until
from tests.web.gestures import PICTURE, drafted, open_text, save_as, says, set_number

pytestmark = pytest.mark.heavy

UNDO_STEPS = int(os.environ.get("NODEFLOW_UNDO_STEPS", "25"))


def steps_of(server: Serving, name: str) -> Any:
    answer = server.call("GET", f"/api/v1/workflows/{name}")
    return answer.json["document"]["nodes"]["sampler"]["steps"]


def test_an_older_version_is_compared_and_taken_back(page: Any, server: Serving) -> None:
    save_as(page, "versions.yaml")
    set_number(page, "Steps", "7")
    page.keyboard.press("Control+s")
    until(page, "!document.querySelector('.dirty')")
    page.get_by_role("button", name="Workflows").click()
    page.get_by_role("button", name="Versions", exact=True).click()
    page.locator(".versions li button").first.click()
    expect(page.locator(".difference del")).to_have_text("20")
    expect(page.locator(".difference ins")).to_have_text("7")
    page.get_by_role("button", name="Take this version").click()
    expect(page.get_by_role("spinbutton", name="Steps")).to_have_value("20")
    page.keyboard.press("Control+z")
    expect(page.get_by_role("spinbutton", name="Steps")).to_have_value("7")
    page.keyboard.press("Control+y")
    page.keyboard.press("Control+s")
    until(page, "!document.querySelector('.dirty')")
    assert steps_of(server, "versions.yaml") == 20


def test_a_workflow_is_named_at_its_tab_and_saved_under_that(page: Any) -> None:
    page.locator(".tab-name").dblclick()
    page.get_by_role("textbox", name="Name the workflow").fill("我的 图片")
    page.keyboard.press("Enter")
    expect(page.locator(".tab-name")).to_have_text("我的 图片")
    expect(page.locator(".form h1")).to_have_text("我的 图片")
    page.keyboard.press("Control+Shift+s")
    name = page.get_by_role("textbox", name="Save", exact=True)
    expect(name).to_have_value("我的_图片.yaml")
    with says(page, "Saved: 我的_图片.yaml"):
        page.keyboard.press("Enter")
    page.wait_for_selector(".dialog", state="detached")
    page.keyboard.press("Control+z")
    expect(page.locator(".form h1")).to_have_text("Text to image")


def test_a_name_that_another_file_has_is_asked_about(page: Any, server: Serving) -> None:
    save_as(page, "mine")
    set_number(page, "Steps", "7")
    save_as(page, "other")
    open_text(page, "nodes: {canvas: {node: EmptyLatentImage, width: 64}}")
    for answer in ("Another name", "Overwrite it"):
        page.keyboard.press("Control+Shift+s")
        page.get_by_role("textbox", name="Save", exact=True).fill("mine")
        page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog")
        dialog.get_by_text("“mine.yaml” is there already").wait_for()
        assert steps_of(server, "mine.yaml") == 20
        dialog.get_by_role("button", name=answer).click()
        if answer == "Another name":
            page.get_by_role("textbox", name="Save", exact=True).press("Escape")
    page.wait_for_selector(".toast:has-text('Saved: mine.yaml')")
    assert list(server.call("GET", "/api/v1/workflows/mine.yaml").json["document"]["nodes"]) == [
        "canvas"
    ]
    assert steps_of(server, "other.yaml") == 7


def test_of_many_tabs_the_shown_one_is_in_sight(page: Any) -> None:
    for number in range(12):
        open_text(page, f"name: workflow {number}\nnodes: {{show: {{node: Show}}}}")
    inside = """(() => {
        const [bar, tab] = ['.tabs', '.tab.on'].map((one) =>
            document.querySelector(one).getBoundingClientRect());
        return bar.left <= tab.left && tab.right <= bar.right;
    })()"""
    until(page, inside)


def test_a_json_file_is_written_as_json(page: Any, server: Serving) -> None:
    save_as(page, "program.json")
    set_number(page, "Steps", "7")
    page.keyboard.press("Control+s")
    until(page, "!document.querySelector('.dirty')")
    text = server.call("GET", "/api/v1/workflows/program.json").json["text"]
    assert json.loads(text)["nodes"]["sampler"]["steps"] == 7


def test_a_dropped_text_keeps_its_comments_and_what_is_not_installed(
    page: Any, server: Serving
) -> None:
    seed = 18446744073709551615
    open_text(page, f"# by hand\nnodes:\n  odd: {{node: Odd, seed: {seed}}} # keep\n")
    save_as(page, "by_hand")
    text = server.call("GET", "/api/v1/workflows/by_hand.yaml").json["text"]
    assert text.startswith("# by hand\n")
    assert f"odd: {{node: Odd, seed: {seed}}} # keep\n" in text
    comfyui = {"1": {"class_type": "Odd", "inputs": {"seed": seed}}}
    open_text(page, json.dumps(comfyui), "odd.json")
    save_as(page, "odd")
    assert f"seed: {seed}" in server.call("GET", "/api/v1/workflows/odd.yaml").json["text"]


def test_what_a_text_editor_wrote_is_told_and_taken(page: Any, server: Serving) -> None:
    save_as(page, "written_outside.yaml")
    set_number(page, "Steps", "6")
    file = next(server.folder.rglob("written_outside.yaml"))
    file.write_text(file.read_text("utf-8").replace("width: 128", "width: 256"), "utf-8")
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    page.wait_for_selector(".banner:has-text('written_outside.yaml')")
    file.write_text(file.read_text("utf-8").replace("width: 256", "width: 192"), "utf-8")
    page.keyboard.press("Control+s")
    page.wait_for_selector(".difference del:has-text('192')")
    page.get_by_role("button", name="Take what is on disk").click()
    page.wait_for_selector(".banner", state="detached")
    expect(page.get_by_role("spinbutton", name="Steps")).to_have_value("20")


def test_a_file_that_is_no_workflow_any_more_says_why(page: Any, server: Serving) -> None:
    save_as(page, "torn.yaml")
    file = next(server.folder.rglob("torn.yaml"))
    file.write_text("nodes: [oops", "utf-8")
    set_number(page, "Steps", "6")
    page.keyboard.press("Control+s")
    page.get_by_role("dialog").get_by_text("not valid YAML").wait_for()
    expect(page.get_by_role("button", name="Take what is on disk")).to_be_disabled()
    page.keyboard.press("Escape")
    page.locator(".tab-close").click()
    page.get_by_role("button", name="Workflows").click()
    page.get_by_role("button", name="torn.yaml").first.click()
    page.wait_for_selector(".toast:has-text('not valid YAML')")


def test_an_edit_just_before_a_reload_is_kept(page: Any) -> None:
    for steps in ("7", "8"):
        set_number(page, "Steps", steps)
        page.reload()
        page.wait_for_selector(".form h1")
        expect(page.get_by_role("spinbutton", name="Steps")).to_have_value(steps)


def test_random_edits_are_undone_and_done_again_step_by_step(graph: Any) -> None:
    """The document's text after every undo and redo is the one from before or after that edit."""
    random = Random(7)
    graph.get_by_role("button", name="Text", exact=True).click()
    graph.wait_for_selector(".yaml")
    text = "document.querySelector('.yaml').value"
    seen = [graph.evaluate(text)]
    for _ in range(UNDO_STEPS):
        names = graph.eval_on_selector_all(".node-head", "all => all.map((_, i) => i)")
        graph.locator(".node-head").nth(random.choice(names)).dispatch_event("click")
        graph.evaluate("document.activeElement.blur()")
        keys = ["Control+b", "Control+m", "Alt+c", "p", "Control+g"]
        keys += ["Control+d"] * 2 if len(names) < 12 else ["Delete"] * 2
        graph.keyboard.press(random.choice(keys))
        until(graph, f"{text} !== {json.dumps(seen[-1])}")
        seen.append(graph.evaluate(text))
    for expected in reversed(seen[:-1]):
        graph.keyboard.press("Control+z")
        until(graph, f"{text} === {json.dumps(expected)}")
    for expected in seen[1:]:
        graph.keyboard.press("Control+y")
        until(graph, f"{text} === {json.dumps(expected)}")


def test_templates_open_and_tabs_come_back(page: Any) -> None:
    page.keyboard.press("t")
    page.wait_for_selector(".card img")
    until(
        page, "[...document.querySelectorAll('.card img')].slice(0, 3).every(p => p.naturalWidth)"
    )
    page.get_by_role("textbox", name="Search").fill("inpain")
    until(page, "document.querySelectorAll('.card').length < 4")
    page.get_by_role("button", name="Inpainting").click()
    page.wait_for_selector(".tab.on:has-text('Inpainting')")
    set_number(page, "Seed", "8")
    page.locator(".tab-name:has-text('Text to image')").click()
    page.locator(".tab-name:has-text('Inpainting')").click()
    page.keyboard.press("Control+z")
    expect(page.get_by_role("spinbutton", name="Seed")).to_have_value("4")
    page.get_by_role("main").click(position={"x": 600, "y": 20})
    page.keyboard.press("t")
    page.get_by_role("button", name="A picture for each prompt").click()
    page.wait_for_selector(".tab.on:has-text('each prompt')")
    expect(page.get_by_role("spinbutton", name="Steps")).to_have_value("20")
    page.keyboard.press("f")
    page.wait_for_selector('[data-id="pictures"] .react-flow__handle[data-handleid="image"]')
    expect(page.locator(".node-missing")).to_have_count(0)


def test_a_result_comes_back_after_a_reload(page: Any) -> None:
    set_number(page, "Steps", "1")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(PICTURE)
    source = page.locator(PICTURE).get_attribute("src")
    drafted(page, "({ job }) => job")
    page.reload()
    page.wait_for_selector(PICTURE)
    expect(page.locator(PICTURE)).to_have_attribute("src", source)


def test_a_beginner_needs_no_mouse(page: Any) -> None:
    focused = "document.activeElement.getAttribute('aria-label') || document.activeElement.id"
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate(focused) == "Prompt":
            break
    page.keyboard.press("Control+a")
    page.keyboard.type("a red apple")
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate(focused) == "Steps":
            break
    page.keyboard.press("Enter")
    page.keyboard.press("Control+a")
    page.keyboard.type("2")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(PICTURE)
    for _ in range(10):
        page.keyboard.press("Tab")
        if str(page.evaluate(focused)).startswith("Full screen"):
            break
    page.keyboard.press("Enter")
    page.wait_for_selector(".viewer figure img")
    page.keyboard.press("i")
    page.wait_for_selector(".facts:has-text('a red apple')")
    page.keyboard.press("Escape")
    page.wait_for_selector(".viewer", state="detached")
    until(page, f"String({focused}).startsWith('Full screen')")
    page.keyboard.press("f")
    page.wait_for_selector(".node")


def test_a_file_that_another_program_moves_deletes_or_restores_loses_no_edit(
    page: Any, server: Serving
) -> None:
    save_as(page, "here.yaml")
    set_number(page, "Steps", "6")
    moved = server.call("POST", "/api/v1/workflows/here.yaml/move", {"to": "there.yaml"})
    assert moved.status == 200
    page.wait_for_selector(".banner:has-text('here.yaml is called there.yaml now')")
    page.keyboard.press("Control+s")
    page.get_by_role("dialog").get_by_role("button", name="Go on as there.yaml").click()
    page.wait_for_selector(".banner", state="detached")
    expect(page.get_by_role("spinbutton", name="Steps")).to_have_value("6")
    page.keyboard.press("Control+s")
    until(page, "!document.querySelector('.dirty')")
    assert steps_of(server, "there.yaml") == 6

    set_number(page, "Steps", "7")
    assert server.call("DELETE", "/api/v1/workflows/there.yaml").status == 204
    page.wait_for_selector(".banner:has-text('there.yaml was deleted')")
    trash = server.call("GET", "/api/v1/trash").json["items"]
    assert server.call("POST", f"/api/v1/trash/{trash[0]['id']}/restore").status == 200
    page.wait_for_selector(".banner", state="detached")
    page.keyboard.press("Control+s")
    until(page, "!document.querySelector('.dirty')")
    assert steps_of(server, "there.yaml") == 7

    set_number(page, "Steps", "8")
    drafted(page, "({ document }) => document.nodes.sampler.steps === 8")
    page.goto("about:blank")
    assert server.call("DELETE", "/api/v1/workflows/there.yaml").status == 204
    page.go_back()
    page.wait_for_selector(".banner:has-text('there.yaml was deleted')")
    expect(page.get_by_role("spinbutton", name="Steps")).to_have_value("8")
    page.locator(".banner").get_by_role("button", name="Save it again").click()
    page.wait_for_selector(".banner", state="detached")
    assert steps_of(server, "there.yaml") == 8


def test_what_was_only_opened_is_there_after_a_reload(page: Any) -> None:
    open_text(page, "nodes: {show: {node: Show, value: only looked at}}")
    page.wait_for_selector('[data-id="show"]')
    drafted(page, "({ document }) => document.nodes.show")
    page.reload()
    page.wait_for_selector('[data-id="show"]')
    expect(page.get_by_role("textbox", name="show value")).to_have_value("only looked at")


def test_pictures_of_earlier_runs_come_back_though_the_last_one_was_cancelled(page: Any) -> None:
    open_text(
        page,
        "nodes: {grey: {node: EmptyImage, width: 32, height: 32, color: 7},"
        " kept: {node: SaveImage, images: $grey, filename_prefix: kept},"
        " slow: {node: Slow, seconds: 0.1}}",
    )
    page.keyboard.press("Control+Enter")
    picture = '[data-id="kept"] .node-picture'
    page.wait_for_selector(picture)
    page.wait_for_selector('[data-id="slow"] .verdict.ran')
    source = page.locator(picture).get_attribute("src")
    page.locator('[data-id="kept"] .node-head').click()
    page.keyboard.press("F2")
    page.get_by_role("textbox", name="Rename").fill("renamed")
    page.keyboard.press("Enter")
    renamed = picture.replace("kept", "renamed")
    page.wait_for_selector(renamed)
    set_number(page, "slow seconds", "50")
    page.locator('[data-id="slow"] .node-head').click()
    page.keyboard.press("Alt+Enter")
    page.wait_for_selector('[data-id="slow"] .verdict.running')
    page.keyboard.press("Control+Alt+Enter")
    page.wait_for_selector('[data-id="slow"] .verdict.running', state="detached")
    page.reload()
    page.wait_for_selector(renamed)
    assert page.locator(renamed).get_attribute("src") == source
