"""Chromium without a window, and the editor in it."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.web.page_server import PageServer

CHROMIUM = shutil.which("chromium")


@pytest.fixture(scope="module")
def server() -> Iterator[PageServer]:
    running = PageServer()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield found
        found.close()


@pytest.fixture
def page(browser: Any, server: PageServer) -> Iterator[Any]:
    """The first visit: the form of the first template. A script error fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
    shown = context.new_page()
    errors: list[str] = []
    shown.on("pageerror", lambda error: errors.append(str(error)))
    shown.goto(server.url)
    shown.wait_for_selector(".form h1")
    yield shown
    context.close()
    assert errors == []


@pytest.fixture
def graph(page: Any) -> Any:
    """The same document as a graph."""
    page.get_by_role("button", name="Graph").click()
    page.wait_for_selector(".node")
    page.wait_for_timeout(200)
    return page
