"""A journey through the page of shortcuts, in Chromium."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.web.conftest import until

pytestmark = pytest.mark.heavy


def keys_of(page: Any, command: str) -> Any:
    """The button that shows a command's keys."""
    return page.get_by_role("button", name=re.compile(rf"^Change: {command}, "))


def test_keys_are_changed_taken_kept_over_a_reload_and_reset(graph: Any) -> None:
    graph.keyboard.press("?")
    keys_of(graph, "Queue").click()
    graph.get_by_role("status").filter(has_text="Press the new keys").wait_for()
    graph.keyboard.press("Enter")
    graph.get_by_role("status").filter(has_text="The page needs Enter itself").wait_for()
    graph.keyboard.press("h")
    graph.get_by_role("alert").filter(has_text="H is “History”").wait_for()
    graph.get_by_role("button", name="Leave it").click()
    expect(keys_of(graph, "Queue")).to_have_text("Q")
    keys_of(graph, "Queue").click()
    graph.keyboard.press("h")
    graph.get_by_role("button", name="Take it").click()
    expect(keys_of(graph, "Queue")).to_have_text("H")
    expect(keys_of(graph, "History")).to_have_text("—")
    keys_of(graph, "Run").click()
    graph.keyboard.press("j")
    graph.keyboard.press("Escape")
    graph.wait_for_selector(".dialog", state="detached")
    graph.reload()
    graph.wait_for_selector(".node")
    graph.keyboard.press("h")
    graph.get_by_role("complementary", name="Queue").wait_for()
    run = graph.get_by_role("button", name="Run", exact=True)
    expect(run).to_have_attribute("title", re.compile(" J$"))
    prompt = graph.get_by_role("textbox", name="positive text")
    prompt.fill("")
    prompt.press_sequentially("jam")
    expect(prompt).to_have_value("jam")
    prompt.blur()
    graph.keyboard.press("?")
    graph.get_by_role("button", name="Reset: History").click()
    expect(keys_of(graph, "History")).to_have_text("H")
    expect(keys_of(graph, "Queue")).to_have_text("—")
    graph.get_by_role("button", name="Reset all").click()
    expect(keys_of(graph, "Queue")).to_have_text("Q")
    until(graph, "JSON.stringify(JSON.parse(localStorage['nodeflow.settings']).state.keys) == '{}'")
