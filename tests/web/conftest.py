"""Chromium without a window, and the editor in it, on a real server."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect, sync_playwright
from safetensors.numpy import save_file

from tests.server.serving import Serving, serving

CHROMIUM = shutil.which("chromium")
SLOWER = float(os.environ.get("NODEFLOW_TEST_SLOWER", "1"))
PATIENCE = 90
"""Seconds for what the page shall show: on a busy machine a worker takes half a minute to begin."""
expect.set_options(timeout=PATIENCE * 1000)


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
    with sync_playwright() as playwright:
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
    made.set_default_timeout(PATIENCE * 1000)
    errors: list[str] = []
    made.on("weberror", lambda found: errors.append(str(found.error)))
    if SLOWER > 1:
        made.on("page", slow_down)
    yield made
    made.close()
    assert errors == []


def slow_down(page: Any) -> None:
    """The page's scripts take a multiple of their time: what a test does not wait for shows."""
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    session.send("Network.enable")
    session.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": 50 * SLOWER,
            "downloadThroughput": -1,
            "uploadThroughput": -1,
        },
    )


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


def until(page: Any, expression: str) -> None:
    """Wait until a JavaScript expression holds. The page's policy forbids Playwright's own way."""
    end = time.monotonic() + PATIENCE
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"never: {expression}"
        page.wait_for_timeout(50)


FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
# React Flow's canvas begins at the origin; d3 keeps the flight of a view in `__transition`.
AT_REST = """[...document.querySelectorAll(".react-flow__renderer")].every(canvas =>
    !canvas.__transition && canvas.querySelector(".react-flow__viewport").style.transform
        !== "translate(0px, 0px) scale(1)")"""


def painted(page: Any) -> None:
    """Wait for two frames: what the last action left to the next one is done."""
    page.evaluate(FRAMES)


def at_rest(page: Any) -> None:
    """Wait until graphs are looked at, and no view flies."""
    painted(page)
    until(page, AT_REST)


@pytest.fixture
def graph(page: Any) -> Any:
    """The same document as a graph."""
    page.get_by_role("button", name="Graph").click()
    page.wait_for_selector(".node")
    page.wait_for_selector(".react-flow__edge path", state="attached")
    at_rest(page)
    return page
