"""Journeys to what is wrong, and back to a picture that was made."""

from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.web.conftest import until
from tests.web.gestures import PICTURE, drafted, open_text, run_form, set_number

pytestmark = pytest.mark.heavy

WRONG = """name: Wrong
nodes:
  first: {node: EmptyImage, width: 64, height: 64, batch_size: 1, color: 7}
  far: {node: ImageScale, image: $first, width: 64, height: 64, upscale_method: bilineer,
        crop: disabled}
  show: {node: PreviewImage, images: $far}
layout:
  nodes:
    first: {x: 0, y: 0}
    far: {x: 20000, y: 9000}
    show: {x: 400, y: 0}
"""
INSIDE = """subgraphs:
  inner:
    inputs: {}
    outputs: {out: $grey}
    nodes:
      grey: {node: EmptyImage, width: 0, height: 64, color: 7}
"""


def test_a_run_that_is_refused_says_so_and_leads_to_the_problem(page: Any) -> None:
    open_text(page, WRONG)
    counter = page.get_by_role("button", name="1 problem")
    counter.wait_for()
    expect(page.locator('[data-id="far"].selected .node')).to_have_count(0)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".toast:has-text('Nothing was run. 1 problem')")
    page.wait_for_selector('[data-id="far"].selected .node')
    page.get_by_role("button", name="bilinear", exact=True).click()
    counter.wait_for(state="detached")


def test_the_next_problem_is_gone_to_inside_a_subgraph_and_from_the_form(page: Any) -> None:
    text = (
        (WRONG + INSIDE)
        .replace("bilineer", "bilinear")
        .replace(
            "  show:",
            "  inside: {node: inner}\n  look: {node: PreviewImage, images: $inside.out}\n  show:",
        )
    )
    open_text(
        page, text.replace("nodes:\n  first", "inputs: {w: $first.width}\nnodes:\n  first", 1)
    )
    page.get_by_role("button", name="1 problem").wait_for()
    page.keyboard.press("F8")
    page.wait_for_selector(".crumbs:has-text('inside')")
    page.wait_for_selector('[data-id="grey"].selected .node')


def test_a_picture_is_made_again_from_the_viewer(page: Any) -> None:
    run_form(page, 1, "a red apple")
    page.locator(PICTURE).click()
    page.get_by_role("button", name="Make it again").click()
    page.wait_for_selector(".viewer", state="detached")
    until(page, "document.querySelectorAll('.tab').length === 2")
    page.wait_for_selector(PICTURE)
    expect(page.get_by_role("textbox", name="Prompt")).to_have_value("a red apple")


def test_a_tab_that_was_closed_by_mistake_comes_back_with_its_edits(page: Any) -> None:
    set_number(page, "Steps", "7")
    page.get_by_role("button", name="Close: Text to image").click()
    page.wait_for_selector(".toast:has-text('closed with unsaved changes')")
    toast = page.get_by_role("status")
    toast.get_by_role("button", name="Bring the closed workflow back").click()
    expect(page.get_by_role("spinbutton", name="Steps")).to_have_value("7")
    page.keyboard.press("Control+z")
    expect(page.get_by_role("spinbutton", name="Steps")).to_have_value("20")
    drafted(page, "({ document }) => document.nodes.sampler.steps === 20")
    assert page.locator(".toast, .banner").count() == 0
    page.reload()
    page.wait_for_selector(".form h1")
    expect(page.get_by_role("spinbutton", name="Steps")).to_have_value("20")


def test_nodes_of_unknown_types_lie_apart_with_what_is_said_of_them(page: Any) -> None:
    open_text(
        page,
        "nodes: {grey: {node: EmptyImage, width: 64, height: 64},"
        " one: {node: ImageInvertt, image: $grey, strength: 0.7, mode: fast},"
        " two: {node: FaceDetailerPipe, image: $grey, strength: 0.7, mode: fast},"
        " show: {node: PreviewImage, images: $two.out}}",
    )
    for name in ("one", "two"):
        page.wait_for_selector(f'[data-id="{name}"] .node-problems')
    upper, lower = sorted(
        (page.locator(f'[data-id="{name}"]').bounding_box() for name in ("one", "two")),
        key=lambda box: box["y"],
    )
    assert upper["y"] + upper["height"] < lower["y"]


def test_what_is_wrong_covers_no_other_node_where_nodes_had_no_places(page: Any) -> None:
    open_text(
        page,
        "nodes: {grey: {node: EmptyImage, width: 64, height: 64},"
        " one: {node: ImageScale, image: $grey, width: 0, height: -5, upscale_method: bilineer,"
        " crop: centre}, two: {node: ImageInvert, image: $grey},"
        " three: {node: ImageScale, image: $grey, width: many, height: 70000,"
        " upscale_method: nearest, crop: disabled}, show: {node: PreviewImage, images: $three}}",
    )
    for name in ("one", "three"):
        page.wait_for_selector(f'[data-id="{name}"] .node-problems li >> nth=1')
    boxes = sorted(
        (page.locator(f'[data-id="{name}"]').bounding_box() for name in ("one", "two", "three")),
        key=lambda box: box["y"],
    )
    for upper, lower in pairwise(boxes):
        assert upper["y"] + upper["height"] < lower["y"]


def test_what_was_run_is_not_said_of_a_node_that_an_edit_made_wrong(page: Any) -> None:
    open_text(
        page,
        "nodes: {grey: {node: EmptyImage, width: 64, height: 64},"
        " show: {node: PreviewImage, images: $grey}}",
    )
    page.keyboard.press("Control+Enter")
    page.wait_for_selector('[data-id="show"] .verdict.ran')
    page.locator('[data-id="show"] .node-head').click()
    page.keyboard.press("l")
    page.get_by_role("combobox", name="Links of show").fill("images grey")
    page.keyboard.press("Enter")
    page.wait_for_selector('[data-id="show"] .node-problems')
    page.wait_for_selector('[data-id="show"] .verdict.ran', state="detached")
    page.keyboard.press("Control+z")
    page.wait_for_selector('[data-id="show"] .node-problems', state="detached")
    page.wait_for_selector('[data-id="show"] .verdict')
