"""The editor in headless Chromium: what a first visit loads, when it can be used, and panning and
dragging among many nodes. Needs Debian's chromium and the test extra.

    python benchmarks/editor.py [--quick]
"""

import argparse
import gzip
import shutil
import statistics
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from playwright.sync_api import sync_playwright

from tests.web.page_server import ROOT, PageServer

WATCH = """
() => {
  window.long = [];
  new PerformanceObserver((list) => {
    for (const task of list.getEntries()) window.long.push(task.duration);
  }).observe({type: 'longtask', buffered: true});
}
"""
FRAMES = """
() => {
  window.frames_ = [];
  window.counting = true;
  const next = (time) => { window.frames_.push(time); if (window.counting) requestAnimationFrame(next); };
  requestAnimationFrame(next);
  window.long.length = 0;
}
"""


def document(nodes: int) -> str:
    """A workflow of many small nodes in chains of ten, with places."""
    lines, places = ["nodeflow: 1", "name: Many", "nodes:"], []
    for i in range(nodes):
        link = f", images: $n{i - 1}" if i % 10 else ""
        kind = "ImageScaleBy" if i % 10 else "EmptyImage"
        link = link.replace("images", "image")
        lines.append(f"  n{i}: {{node: {kind}{link}}}")
        places.append(f"    n{i}: {{x: {i % 40 * 290}, y: {i // 40 * 200}}}")
    return "\n".join([*lines, "layout:", "  nodes:", *places]) + "\n"


def load_size(page: Any) -> int:
    names = page.evaluate("performance.getEntriesByType('resource').map((e) => e.name)")
    scripts = [Path(name).name for name in names if name.endswith(".js")]
    assets = ROOT / "web" / "dist" / "assets"
    return sum(len(gzip.compress((assets / name).read_bytes())) for name in scripts)


def gesture(page: Any, start: tuple[int, int], steps: int) -> tuple[float, float, list[float]]:
    """Frames a second, the 95th percentile of a frame in ms, tasks over 50 ms."""
    page.mouse.move(*start)
    page.evaluate(FRAMES)
    page.mouse.down()
    for step in range(steps):
        page.mouse.move(start[0] + step * 2 % 400, start[1] + step % 120)
    page.mouse.up()
    page.evaluate("window.counting = false")
    times = page.evaluate("window.frames_")
    gaps = sorted(b - a for a, b in zip(times, times[1:], strict=False))
    tasks = page.evaluate("window.long")
    return 1000 / statistics.mean(gaps), gaps[int(len(gaps) * 0.95)], tasks


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    nodes, steps = (200, 100) if quick else (1000, 600)
    server = PageServer()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.add_init_script(f"({WATCH})()")
        page.goto(server.url)
        page.wait_for_selector(".form .button.primary")
        ready = page.evaluate("performance.now()")
        print(
            f"first load: {load_size(page) / 1000:.0f} kB gzip JavaScript, usable in {ready:.0f} ms"
        )
        page.get_by_role("button", name="Graph").click()
        page.keyboard.press("y")
        page.locator(".yaml").fill(document(nodes))
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Close", exact=True).click()
        for name, zoomed in (("whole graph", False), ("close", True)):
            page.locator(".react-flow__pane").focus()
            page.evaluate("document.activeElement.blur()")
            page.keyboard.press(".")
            page.wait_for_timeout(1500)
            if zoomed:
                page.mouse.move(700, 500)
                for _ in range(6):
                    page.mouse.wheel(0, -400)
                page.wait_for_timeout(1000)
            fps, late, tasks = gesture(page, (660, 60), steps)
            print(
                f"panning {nodes} nodes, {name}: {fps:.0f} frames a second, "
                f"95 % under {late:.0f} ms, {len(tasks)} tasks over 50 ms"
            )
        box = page.locator(".node-head").nth(3).bounding_box()
        start = (int(box["x"] + 20), int(box["y"] + 8))
        fps, late, tasks = gesture(page, start, steps)
        print(
            f"dragging a node: {fps:.0f} frames a second, 95 % under {late:.0f} ms, "
            f"{len(tasks)} tasks over 50 ms (longest {max(tasks, default=0):.0f} ms)"
        )
        browser.close()
    server.stop()


if __name__ == "__main__":
    main()
