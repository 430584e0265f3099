"""Chromium without a window, and the editor in it, on a real server."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from tests.server.serving import Serving, serving

CHROMIUM = shutil.which("chromium")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A server of this module, with its processes, the embedded model and two embeddings."""
    folder = Path(tmp_path_factory.mktemp("editor"))
    embeddings = folder / "work" / "models" / "embeddings"
    embeddings.mkdir(parents=True)
    for name in ("bad_hands", "badly_drawn"):
        save_file(
            {"emb_params": np.zeros((1, 768), np.float32)}, embeddings / f"{name}.safetensors"
        )
    with serving(folder) as started:
        yield started


@pytest.fixture(scope="package")  # while Playwright runs, other tests cannot use asyncio
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
def locale() -> str:
    """What the browser's person speaks; a module may say otherwise."""
    return "en-US"


@pytest.fixture
def context(browser: Any, locale: str) -> Iterator[Any]:
    """A browser that was never here. A script error on any of its pages fails the test."""
    made = browser.new_context(viewport={"width": 1280, "height": 800}, locale=locale)
    made.set_default_timeout(30_000)
    errors: list[str] = []
    made.on("weberror", lambda found: errors.append(str(found.error)))
    yield made
    made.close()
    assert errors == []


@pytest.fixture
def page(context: Any, server: Serving) -> Any:
    """The first visit: the form of the first template."""
    return visit(context, server)


def visit(context: Any, server: Serving) -> Any:
    """Another window of the same browser, with the address that the server prints."""
    shown = context.new_page()
    shown.goto(f"http://127.0.0.1:{server.port}/?token={server.token}")
    shown.wait_for_selector(".form h1, .node")
    return shown


def until(page: Any, expression: str, seconds: float = 60) -> None:
    """Wait until a JavaScript expression holds. The page's policy forbids Playwright's own way."""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"never: {expression}"
        page.wait_for_timeout(50)


@pytest.fixture
def graph(page: Any) -> Any:
    """The same document as a graph."""
    page.get_by_role("button", name="Graph").click()
    page.wait_for_selector(".node")
    page.wait_for_timeout(200)
    return page
