"""The editor in headless Chromium: first load, gestures on many nodes, an edit, idle pages.

`python -m benchmarks.editor [NODES]`, 1,000 nodes without a number. Chromium draws in software here
(`--disable-gpu`), so frames are slower than on a screen with a graphics card.
"""

import gzip
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import yaml
from playwright.sync_api import sync_playwright

from tests.server.serving import ROOT, serving
from tests.web.conftest import CHROMIUM
from tests.web.gestures import open_text

LOADS, EDITS, IDLE = 5, 20, 10
COLUMNS = 40
WATCH = """() => {
    const seen = window.seen = { frames: [], tasks: [], on: true };
    const frame = at => { seen.frames.push(at); if (seen.on) requestAnimationFrame(frame) };
    requestAnimationFrame(frame);
    seen.observer = new PerformanceObserver(list =>
        seen.tasks.push(...list.getEntries().map(entry => entry.duration)));
    seen.observer.observe({ type: "longtask" });
}"""
SEEN = """() => {
    const { seen } = window;
    seen.on = false;
    seen.observer.disconnect();
    return { frames: seen.frames.slice(1).map((at, i) => at - seen.frames[i]), tasks: seen.tasks };
}"""
STEP = """field => new Promise(done => {
    const start = performance.now();
    const key = new KeyboardEvent("keydown", { key: "ArrowUp", bubbles: true });
    field.dispatchEvent(key);
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
})"""


def document(count: int) -> str:
    """A grid of nodes with five widgets, each linked to the one before it."""
    nodes: dict[str, Any] = {}
    layout: dict[str, Any] = {}
    for index in range(count):
        node: dict[str, Any] = {
            "node": "ImageScale",
            "upscale_method": "bilinear",
            "crop": "disabled",
        }
        node |= {"width": 64, "height": 64}
        node["image"] = f"$n{index - 1}" if index else "$first"
        nodes[f"n{index}"] = node
        layout[f"n{index}"] = {"x": index % COLUMNS * 300, "y": index // COLUMNS * 240}
    nodes["save"] = {"node": "SaveImage", "images": f"$n{count - 1}"}
    layout["save"] = {"x": count % COLUMNS * 300, "y": count // COLUMNS * 240}
    nodes["first"] = {"node": "EmptyImage", "width": 64, "height": 64}
    layout["first"] = {"x": -300, "y": 0}
    return yaml.safe_dump({"nodeflow": 1, "nodes": nodes, "layout": {"nodes": layout}})


def told(name: str, values: Iterable[float], unit: str = "ms") -> None:
    """Print median, 95th percentile and extremes."""
    found = sorted(values)
    high = found[int(0.95 * (len(found) - 1))]
    print(
        f"{name:<38} {statistics.median(found):8.1f} {unit}   95 %: {high:.1f}   "
        f"({found[0]:.1f} to {found[-1]:.1f}, {len(found)})",
        flush=True,
    )


def watched(page: Any, name: str, gesture: Callable[[], None]) -> None:
    """Time the frames and long tasks of a gesture."""
    page.evaluate(WATCH)
    gesture()
    seen = page.evaluate(SEEN)
    told(name, seen["frames"])
    rate = 1000 * len(seen["frames"]) / sum(seen["frames"])
    longest = max(seen["tasks"], default=0)
    over = f"{len(seen['tasks'])} tasks > 50 ms, longest {longest:.0f} ms"
    print(f"{'':<38} {rate:8.1f} frames/s, {over}", flush=True)


def swing(way: int, width: int) -> int:
    """To and fro between 0 and a width."""
    return abs((way + width) % (2 * width) - width)


def pan(page: Any) -> None:
    """Three seconds of dragging the canvas with the middle button."""
    page.mouse.move(640, 400)
    page.mouse.down(button="middle")
    end = time.monotonic() + 3
    step = 0
    while time.monotonic() < end:
        step += 1
        page.mouse.move(640 + swing(step * 7, 400), 400 + swing(step * 5, 300))
    page.mouse.up(button="middle")


def zoom(page: Any) -> None:
    """Out and in again with the wheel."""
    page.mouse.move(640, 400)
    for delta in (120,) * 12 + (-120,) * 12:
        page.mouse.wheel(0, delta)
        page.wait_for_timeout(60)


def drag_node(page: Any) -> None:
    """Three seconds of dragging one node."""
    box = page.locator(".node").first.bounding_box()
    x, y = box["x"] + min(20, box["width"] / 2), box["y"] + min(8, box["height"] / 2)
    page.mouse.move(x, y)
    page.mouse.down()
    end = time.monotonic() + 3
    step = 0
    while time.monotonic() < end:
        step += 1
        page.mouse.move(x + swing(step * 3, 300), y + swing(step * 2, 200))
    page.mouse.up()


def select_box(page: Any) -> None:
    """Three seconds of drawing a box over nodes, larger and smaller."""
    page.keyboard.down("Shift")
    page.mouse.move(60, 60)
    page.mouse.down()
    end = time.monotonic() + 3
    step = 0
    while time.monotonic() < end:
        step += 1
        page.mouse.move(60 + swing(step * 9, 1100), 60 + swing(step * 6, 600))
    page.mouse.up()
    page.keyboard.up("Shift")
    page.mouse.click(62, 62)


def draw_link(page: Any) -> None:
    """Three seconds of dragging a link over ports; it ends on the node it began at."""
    box = page.locator(".port.react-flow__handle-right").first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    end = time.monotonic() + 3
    step = 0
    while time.monotonic() < end:
        step += 1
        page.mouse.move(x + swing(step * 5, 500), y + swing(step * 4, 300))
    page.mouse.move(x - 60, y)
    page.mouse.up()


def load(browser: Any, address: str) -> None:
    """First visits, each in a new browser profile."""
    scripts = (ROOT / "web" / "dist" / "index.html").read_text(encoding="utf-8")
    main = [f for f in (ROOT / "web" / "dist" / "assets").glob("*.js") if f.name in scripts]
    size = sum(len(gzip.compress(file.read_bytes())) for file in main)
    print(f"{'JavaScript of the first load, gzip':<38} {size / 1000:8.1f} kB")
    times = []
    for _ in range(LOADS):
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        page = context.new_page()
        start = time.perf_counter()
        page.goto(address)
        page.wait_for_selector(".form h1")
        times.append((time.perf_counter() - start) * 1000)
        context.close()
    told("first visit until the form is there", times)


def idle(context: Any, page: Any, name: str) -> None:
    """What the main thread does while nobody does anything, and what of it the page asked for."""
    session = context.new_cdp_session(page)
    session.send("Performance.enable")
    counted = ("ScriptDuration", "LayoutCount", "RecalcStyleCount")

    def found() -> dict[str, float]:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return {m["name"]: float(m["value"]) for m in metrics}

    # Drafts and plans of the last edits are on their way until nothing was sent for a while, and a
    # message stays for four seconds. Garbage is collected now, not while it is measured.
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(5000)
    page.wait_for_load_state("networkidle")
    session.send("HeapProfiler.collectGarbage")
    page.wait_for_timeout(1000)
    before = found()
    page.wait_for_timeout(IDLE * 1000)
    after = found()
    busy = (after["TaskDuration"] - before["TaskDuration"]) * 1000
    script, layouts, styles = (after[key] - before[key] for key in counted)
    own = f"scripts {script * 1000:.1f} ms, {layouts:.0f} layouts, {styles:.0f} styles"
    print(f"{f'{name}, {IDLE} idle seconds':<38} {busy:8.1f} ms   {own}", flush=True)
    session.detach()


def main(count: int) -> None:
    """All of it on one server."""
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder)) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        address = f"http://127.0.0.1:{server.port}/?token={server.token}"
        load(browser, address)
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        page = context.new_page()
        page.goto(address)
        page.wait_for_selector(".form h1")
        idle(context, page, "form")
        start = time.perf_counter()
        open_text(page, document(count))
        print(f"{f'opening {count} nodes':<38} {(time.perf_counter() - start) * 1000:8.1f} ms")
        page.wait_for_selector(".plan-line", timeout=120_000)
        for _ in range(12):
            page.mouse.move(640, 400)
            page.mouse.wheel(0, -120)
            page.wait_for_timeout(60)
        page.wait_for_selector(".node.plain", state="detached")
        page.wait_for_timeout(1000)
        print(f"{'nodes on the screen':<38} {page.locator('.node').count():8}")
        watched(page, "frame while panning", lambda: pan(page))
        watched(page, "frame while dragging a node", lambda: drag_node(page))
        watched(page, "frame while drawing a link", lambda: draw_link(page))
        watched(page, "frame while selecting with a box", lambda: select_box(page))
        watched(page, "frame while zooming out and in", lambda: zoom(page))
        field = page.locator("[role=spinbutton]").first.element_handle()
        told("a number changed, until it is drawn", [field.evaluate(STEP) for _ in range(EDITS)])
        idle(context, page, "near by")
        page.keyboard.press(".")
        page.wait_for_timeout(1500)
        print(f"{'nodes on the screen, all shown':<38} {page.locator('.node').count():8}")
        watched(page, "frame while panning, all shown", lambda: pan(page))
        watched(page, "frame while dragging, all shown", lambda: drag_node(page))
        watched(page, "frame while selecting, all shown", lambda: select_box(page))
        idle(context, page, "all shown")
        browser.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
