"""Journeys through what differs between two documents, as a graph and as text."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.server.serving import ROOT, Serving
from tests.web.conftest import at_rest, until
from tests.web.gestures import open_text, save_as, set_number

pytestmark = pytest.mark.heavy

AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
BEFORE = """name: Before
nodes:
  grey: {node: EmptyImage, width: 64, height: 64, color: 7}
  turned: {node: ImageInvert, image: $grey}
  show: {node: PreviewImage, images: $turned}
"""
AFTER = """name: After
nodes:
  grey: {node: EmptyImage, width: 96, height: 64, color: 7}
  small: {node: ImageScale, image: $grey, width: 32, height: 32, upscale_method: bilinear,
          crop: disabled}
  show: {node: PreviewImage, images: $small}
"""
NESTED = """name: Nested
nodes:
  one: {node: paint}
  show: {node: PreviewImage, images: $one.out}
subgraphs:
  paint:
    inputs: {}
    outputs: {out: $grey}
    nodes:
      grey: {node: EmptyImage, width: %d, height: 64, color: 7}
"""


def node(name: str) -> str:
    return f'.diff-canvas [data-id="{name}"] .diff-node'


def compare_with(page: Any, name: str) -> None:
    page.keyboard.press("Shift+d")
    page.get_by_role("combobox").fill(name)
    page.keyboard.press("Enter")
    page.wait_for_selector(".diff-node, .dialog .quiet")


def test_two_tabs_are_one_graph_with_signs_and_words(page: Any) -> None:
    open_text(page, BEFORE, "before.yaml")
    open_text(page, AFTER, "after.yaml")
    compare_with(page, "Before")
    for name, word, sign in (("small", "added", "+"), ("turned", "removed", "−"),
                             ("grey", "changed", "≠"), ("show", "changed", "≠")):  # fmt: skip
        head = page.locator(f"{node(name)}.{word} .node-head")
        expect(head.locator("em")).to_have_text(word)
        expect(head.locator(".sign")).to_have_text(sign)
    width = page.locator(f"{node('grey')} .row.changed")
    expect(width).to_have_text(re.compile(r"≠\s*width\s*64\s*→\s*96"))
    links = page.locator(".diff-link")
    expect(links).to_have_count(4)
    for word in ("added", "removed"):
        expect(page.locator(f".diff-link.{word}")).to_have_count(2)
        expect(page.locator(f".sign.on-link.{word}")).to_have_count(2)
    page.get_by_role("button", name="Swap the sides").click()
    page.wait_for_selector(f"{node('small')}.removed")
    expect(page.locator(f"{node('turned')}.added")).to_have_count(1)


def test_changes_are_walked_by_keyboard_and_said(page: Any) -> None:
    open_text(page, BEFORE, "before.yaml")
    open_text(page, AFTER, "after.yaml")
    compare_with(page, "Before")
    status = page.locator(".changes [role=status]")
    seen = []
    for step in range(6):
        page.keyboard.press("n")
        page.get_by_text(f"{step % 5 + 1} of 5", exact=True).wait_for()
        seen.append(page.locator(".change.here dt span").inner_text())
    assert seen[0] == seen[5] == "grey"
    assert set(seen) == {"grey", "small", "turned", "show", "The workflow itself"}
    expect(status).to_have_text("1 of 5. grey: changed, width 64 → 96")
    page.keyboard.press("Shift+F7")
    expect(page.locator(".change.here dt span")).to_have_text("The workflow itself")
    page.get_by_role("button", name="turned removed").click()
    page.wait_for_selector(f"{node('turned')}.selected")
    # The view flies there: a press on what moves is let go on something else.
    at_rest(page)
    page.locator(node("small")).click()
    expect(page.locator(".change.here dt span")).to_have_text("small")
    page.keyboard.press("y")
    page.wait_for_selector(".lines .here")
    page.keyboard.press("n")
    for number in ("64", "96"):
        expect(page.locator(".lines tbody.here tr").first).to_contain_text(number)
    page.get_by_role("button", name="Text", exact=True).last.click()
    page.wait_for_selector(".lines .through ins:has-text('width: 32')")
    page.keyboard.press("y")
    page.wait_for_selector(".diff-node")
    page.keyboard.press("Escape")
    page.wait_for_selector(".dialog", state="detached")


def test_what_changed_since_the_last_save_and_nothing(page: Any) -> None:
    save_as(page, "since.yaml")
    page.keyboard.press("d")
    page.wait_for_selector(".dialog .quiet:has-text('Nothing differs')")
    page.keyboard.press("Escape")
    set_number(page, "Steps", "9")
    page.locator("h1").click()
    page.keyboard.press("d")
    page.wait_for_selector(f"{node('sampler')}.changed")
    expect(page.locator(".diff-node:not(.same)")).to_have_count(1)
    row = page.locator(f"{node('sampler')} .row.changed")
    expect(row).to_have_text(re.compile(r"≠\s*steps\s*20\s*→\s*9"))
    page.keyboard.press("Escape")
    expect(page.get_by_role("spinbutton", name="Steps")).to_have_value("9")


def test_changes_inside_a_subgraph_are_gone_to(page: Any) -> None:
    open_text(page, NESTED % 64, "one.yaml")
    open_text(page, (NESTED % 96).replace("Nested", "Other"), "two.yaml")
    compare_with(page, "Nested")
    scopes = page.get_by_role("group", name="Subgraphs")
    expect(scopes.get_by_role("button", pressed=True)).to_have_text("Workflow")
    page.keyboard.press("n")
    page.keyboard.press("n")
    page.wait_for_selector(f"{node('grey')}.changed.selected")
    expect(scopes.get_by_role("button", pressed=True)).to_have_text("paint")
    page.keyboard.press("Shift+.")
    page.wait_for_selector(f"{node('grey')}:not(.selected)")
    expect(scopes.get_by_role("button", pressed=True)).to_have_text("paint")
    scopes.get_by_role("button", name="Workflow").click()
    page.wait_for_selector(node("one"))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("view", ["Graph", "Side by side"])
def test_no_serious_finding_of_axe(page: Any, server: Serving, theme: str, view: str) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm ci in web/")
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    until(page, f"document.documentElement.dataset.theme === '{theme}'")
    open_text(page, BEFORE, "before.yaml")
    open_text(page, AFTER, "after.yaml")
    compare_with(page, "Before")
    page.get_by_role("dialog").get_by_role("button", name=view, exact=True).click()
    page.wait_for_selector(".diff-node" if view == "Graph" else ".lines ins")
    until(page, "document.getAnimations().length === 0 && !document.querySelector('.toast')")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    serious = [
        (found["id"], [one["html"][:160] for one in found["nodes"]][:3])
        for found in result["violations"]
        if found["impact"] in ("serious", "critical")
    ]
    assert serious == []


FRAMED = """name: %s
nodes:
  grey: {node: EmptyImage, width: 64, height: 64, color: 7}
  show: {node: PreviewImage, images: %s}
layout:
  nodes: {grey: {x: 0, y: 60}, show: {x: 300, y: 60}}
  groups: {g: {x: -20, y: 0, w: 600, h: 320, title: %s}}
  notes: {n: {x: 0, y: 340, w: 240, h: 80, text: %s}}
"""


def test_groups_and_notes_are_drawn_and_how_an_output_is_written_is_no_change(page: Any) -> None:
    open_text(page, FRAMED % ("Before", "$grey", "Making", "a first remark"), "before.yaml")
    open_text(page, FRAMED % ("After", "$grey.IMAGE", "Making", "a second remark"), "after.yaml")
    compare_with(page, "Before")
    note = page.locator(".diff-frame.note.changed")
    expect(note.locator("del")).to_have_text("first")
    expect(note.locator("ins")).to_have_text("second")
    expect(page.locator(".diff-frame.group.same")).to_have_text("Making")
    expect(page.locator(".diff-node.changed")).to_have_count(0)
    expect(page.locator(".difference dt span")).to_have_text(["Note", "The workflow itself"])
    page.keyboard.press("n")
    page.wait_for_selector(".diff-frame.note.selected")


def test_very_long_texts_leave_the_graph_and_the_beginning_in_sight(page: Any) -> None:
    long = "nodes: {show: {node: Show, value: '%s'}}"
    open_text(page, long % "short", "before.yaml")
    page.locator(".tab-name").last.dblclick()
    page.get_by_role("textbox", name="Name the workflow").fill("Short")
    page.keyboard.press("Enter")
    page.wait_for_selector(".dialog", state="detached")
    open_text(page, long % ("many words, " * 2000), "after.yaml")
    compare_with(page, "Short")
    page.wait_for_selector(node("show"))
    assert page.locator(node("show")).evaluate("({offsetHeight}) => offsetHeight") < 600
    page.keyboard.press("y")
    page.wait_for_selector(".lines tbody.changed")
    top = "document.querySelector('.lines tbody.changed ins').getBoundingClientRect().top"
    until(page, f"0 < {top} && {top} < 400")
