"""Journeys through sweeps that are refused."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.server.serving import Serving
from tests.web.conftest import until
from tests.web.gestures import set_number

pytestmark = pytest.mark.heavy


def sweep(page: Any, values: str, key: str = "sampler.seed") -> None:
    """Open the dialog with values of one input."""
    page.get_by_role("main").click(position={"x": 600, "y": 20})
    page.keyboard.press("s")
    page.locator(".axis select").first.select_option(key)
    page.get_by_role("textbox", name="Across: Values").fill(values)


def jobs(server: Serving) -> int:
    return len(server.call("GET", "/api/v1/jobs?limit=200").json["jobs"])


def test_nothing_is_queued_where_one_variant_is_refused(page: Any, server: Serving) -> None:
    before = jobs(server)
    sweep(page, "1, 2, 20000", "sampler.steps")
    page.get_by_role("button", name="Run 3 variants").click()
    page.wait_for_selector(".dialog .node-problems:has-text('sampler.steps')")
    expect(page.locator(".sweep-grid")).to_have_count(0)
    assert jobs(server) == before


def test_a_sweep_is_gone_on_with_and_its_pictures_are_opened(page: Any) -> None:
    set_number(page, "Steps", "2")
    sweep(page, "3, 4")
    page.locator(".axis select").nth(1).select_option("sampler.cfg")
    page.get_by_role("textbox", name="Down: Values").fill("1, 2")
    page.get_by_role("button", name="Run 4 variants").click()
    page.wait_for_selector(".sweep-grid td img >> nth=3")
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    expect(page.get_by_role("textbox", name="Across: Values")).to_have_value("3, 4")
    expect(page.get_by_role("textbox", name="Down: Values")).to_have_value("1, 2")
    page.locator(".axis select").first.select_option("sampler.cfg")
    expect(page.locator(".axis select").nth(1)).to_have_value("")
    page.get_by_role("button", name=re.compile("Run . variant")).wait_for()
    page.locator(".sweep-grid td button").nth(3).click()
    page.get_by_role("button", name="Open its workflow").click()
    page.wait_for_selector("[role=dialog]", state="detached")
    expect(page.get_by_role("spinbutton", name="Seed")).to_have_value("4")


def test_the_grid_is_found_again_after_a_reload_and_in_the_history(page: Any) -> None:
    set_number(page, "Steps", "1")
    sweep(page, "5, 6")
    page.get_by_role("button", name="Run 2 variants").click()
    page.wait_for_selector(".sweep-grid th:text-is('6')")
    page.wait_for_selector(".sweep-grid td img >> nth=1")
    sources = "all => all.map(i => i.src)"
    made = page.eval_on_selector_all(".sweep-grid td img", sources)
    page.reload()
    page.wait_for_selector(".form h1")
    page.keyboard.press("s")
    page.get_by_role("dialog", name="Sweep values").wait_for()
    page.wait_for_selector(".sweep-grid td img >> nth=1")
    assert page.locator(".sweep-grid th").all_inner_texts() == ["5", "6"]
    assert page.eval_on_selector_all(".sweep-grid td img", sources) == made

    sweep_before = page.locator(".sweep-grid caption").inner_text()
    page.get_by_role("textbox", name="Across: Values").fill("7")
    page.get_by_role("button", name="Run 1 variant").click()
    page.wait_for_selector(".sweep-grid th:has-text('7')")
    page.wait_for_selector(".sweep-grid td img")
    page.keyboard.press("Escape")
    page.keyboard.press("h")
    older = page.locator(".run:has-text('Sweep, 2 runs')").first
    older.get_by_role("button", name="Show the grid").click()
    page.wait_for_selector(".sweep-grid th:text-is('6')")
    page.wait_for_selector(".sweep-grid td img >> nth=1")
    assert page.locator(".sweep-grid caption").inner_text() == sweep_before
    assert page.eval_on_selector_all(".sweep-grid td img", sources) == made
    page.keyboard.press("Escape")
    count = page.locator(".run").count()
    older.get_by_role("button", name="Each of its runs").click()
    page.wait_for_selector(f".run >> nth={count + 1}")


def test_more_values_than_a_side_takes_are_counted(page: Any) -> None:
    sweep(page, "1..100")
    page.get_by_text("100 values; a side takes 64 at most.").wait_for()
    expect(page.get_by_role("button", name="Run 0 variants")).to_be_disabled()
    page.get_by_role("textbox", name="Across: Values").fill("1..64")
    page.locator(".axis select").nth(1).select_option("sampler.steps")
    page.get_by_role("textbox", name="Down: Values").fill("1..5")
    page.get_by_text("320 variants; a sweep takes 256 at most.").wait_for()
    expect(page.get_by_role("button", name="Run 320 variants")).to_be_disabled()


def test_the_fields_are_as_high_as_their_lines(page: Any) -> None:
    def height(side: str) -> float:
        field = page.get_by_role("textbox", name=f"{side}: Values")
        found: float = field.evaluate("({clientHeight}) => clientHeight")
        return found

    sweep(page, "1, 2")
    one = height("Across")
    assert one < 40
    page.locator(".axis select").nth(1).select_option("positive.text")
    field = page.get_by_role("textbox", name="Down: Values")
    field.fill("\n".join(f"text {line}" for line in range(8)))
    until(page, "(f => f.scrollHeight <= f.clientHeight)(document.activeElement)")
    assert 4 * one < height("Down") <= 240
    field.fill("\n".join(f"text {line}" for line in range(60)))
    until(page, "(f => f.scrollHeight > f.clientHeight)(document.activeElement)")
    assert height("Down") <= 240, "no higher than 0.3 of the window"


def test_without_a_workflow_the_way_to_one_is_shown(page: Any) -> None:
    page.get_by_role("button", name="Close: Text to image").click()
    page.keyboard.press("s")
    dialog = page.get_by_role("dialog", name="Sweep values")
    dialog.get_by_role("button", name="Templates").click()
    page.get_by_role("dialog", name="Templates").get_by_role("textbox", name="Search").fill("zz")
    page.get_by_text("No template has “zz”").wait_for()
    page.get_by_role("button", name="Look at all templates").click()
    page.locator(".card").first.click()
    page.wait_for_selector(".form h1:has-text('Text to image')")
