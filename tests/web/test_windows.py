"""Journeys in two windows of one browser: one draft, one file, and nobody's edits lost."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.server.serving import Serving
from tests.web.conftest import until, visit
from tests.web.gestures import drafted, open_text, save_as, says, set_number
from tests.web.test_documents import steps_of

pytestmark = pytest.mark.heavy

SEVEN_STEPS = "({ document }) => document.nodes.sampler.steps === 7"


def test_two_windows_on_one_file_tell_each_other_and_neither_loses(
    context: Any, server: Serving
) -> None:
    first = visit(context, server)
    save_as(first, "shared.yaml")
    drafted(first, "({ path, dirty }) => path === 'shared.yaml' && !dirty")
    second = visit(context, server)
    set_number(second, "Steps", "5")
    second.wait_for_selector(".dirty")
    set_number(first, "Steps", "9")
    first.keyboard.press("Control+s")
    until(first, "!document.querySelector('.dirty')")
    second.wait_for_selector(".banner:has-text('shared.yaml')")
    second.keyboard.press("Control+s")
    second.wait_for_selector(".difference")
    expect(second.locator(".difference del")).to_have_text("9")
    expect(second.locator(".difference ins")).to_have_text("5")
    second.get_by_role("button", name="Take what is on disk").click()
    expect(second.get_by_role("spinbutton", name="Steps")).to_have_value("9")
    second.keyboard.press("Control+z")
    expect(second.get_by_role("spinbutton", name="Steps")).to_have_value("5")
    second.keyboard.press("Control+s")
    until(second, "!document.querySelector('.dirty')")
    assert steps_of(server, "shared.yaml") == 5
    for page, steps in ((first, "9"), (second, "5")):
        page.reload()
        page.wait_for_selector(".form h1")
        expect(page.get_by_role("spinbutton", name="Steps")).to_have_value(steps)


def test_a_run_is_followed_where_another_window_took_the_draft_meanwhile(
    context: Any, server: Serving
) -> None:
    first = visit(context, server)
    open_text(
        first,
        "nodes: {slow: {node: Slow, seconds: 60}, seen: {node: Show, value: one}}",
    )
    drafted(first, "({ document }) => document.nodes.seen")
    second = visit(context, server)
    second.get_by_role("textbox", name="seen value").fill("two")
    drafted(second, "({ document }) => document.nodes.seen.value === 'two'")
    with says(first, "Another window"):
        first.keyboard.press("Control+Enter")
    first.wait_for_selector('[data-id="slow"] .verdict.running')
    first.keyboard.press("Control+Alt+Enter")
    first.wait_for_selector('[data-id="slow"] .verdict.running', state="detached")


def test_a_save_ends_where_another_window_took_the_draft_meanwhile(
    context: Any, server: Serving
) -> None:
    first = visit(context, server)
    save_as(first, "taken_draft.yaml")
    drafted(first, "({ path, dirty }) => path === 'taken_draft.yaml' && !dirty")
    second = visit(context, server)
    set_number(second, "Steps", "7")
    drafted(second, SEVEN_STEPS)
    held: list[Any] = []
    first.route("**/api/v1/workflows/taken_draft.yaml", lambda asked: held.append(asked))
    set_number(first, "Steps", "9")
    with says(first, "Another window edits this workflow too"):
        first.keyboard.press("Control+s")
    assert [asked.request.method for asked in held] == ["PUT"]
    held[0].continue_()
    until(first, "!document.querySelector('.dirty')")
    assert steps_of(server, "taken_draft.yaml") == 9


def test_a_tab_that_another_window_closed_is_still_there_after_a_reload(
    context: Any, server: Serving
) -> None:
    first = visit(context, server)
    set_number(first, "Steps", "7")
    drafted(first, SEVEN_STEPS)
    second = visit(context, server)
    expect(second.get_by_role("spinbutton", name="Steps")).to_have_value("7")
    with second.expect_response(lambda answer: answer.request.method == "DELETE"):
        second.locator(".tab-close").click()
    drafted(first, SEVEN_STEPS)
    first.reload()
    first.wait_for_selector(".form h1")
    expect(first.get_by_role("spinbutton", name="Steps")).to_have_value("7")
