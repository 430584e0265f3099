"""A walk over every panel, dialog and menu: axe in both themes, and Chinese without English."""

import json
import re
from typing import Any

import pytest

from tests.server.serving import ROOT, Serving
from tests.web.conftest import until
from tests.web.test_editor import AXE

pytestmark = pytest.mark.heavy

SOURCE = ROOT / "web" / "src" / "language"
KEYS = {
    "workflows": "w", "nodes": "n", "models": "m", "results": "g", "queue": "q", "history": "h",
    "text": "y", "templates": "t", "settings": "Control+,", "shortcuts": "?",
    "palette": "Control+k", "sweep": "s", "docs": "i", "save": "Control+Shift+s", "rename": "F2",
}  # fmt: skip
PANELS = ("workflows", "nodes", "models", "results", "queue", "history", "text")
WORDS = r"""() => {
    const found = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const { data, parentElement } = walk.currentNode;
        if (!parentElement.closest("kbd")) found.push(data.trim());
    }
    for (const name of ["aria-label", "title", "placeholder"])
        for (const element of document.querySelectorAll(`[${name}]`))
            found.push(...element.getAttribute(name).split(/  |: /));
    return found;
}"""


def scenes(page: Any, server: Serving) -> Any:
    """Opens what can be opened, one after the other, and tells its name."""
    yield "form"
    page.get_by_role("group").get_by_role("button").filter(has_text=re.compile("Graph|图")).click()
    page.wait_for_selector(".node")
    yield "graph"
    for name, key in KEYS.items():
        page.locator('[data-id="sampler"] .node-head').click()
        page.keyboard.press(key)
        page.wait_for_selector(".panel" if name in PANELS else ".dialog, .picker")
        page.wait_for_timeout(500)
        yield name
        if name in PANELS:
            page.locator(".panel header button").click()
        else:
            page.keyboard.press("Escape")
        page.wait_for_selector(".panel, .dialog, .picker", state="detached")
    page.locator('[data-id="sampler"] .node-head').click(button="right")
    page.wait_for_selector(".menu")
    yield "menu"
    page.keyboard.press("Escape")
    page.mouse.dblclick(640, 740)
    page.wait_for_selector(".picker")
    yield "search"
    page.keyboard.press("Escape")
    link = page.locator(".react-flow__edge-interaction").first
    link.dispatch_event("contextmenu", {"clientX": 500, "clientY": 300})
    page.wait_for_selector(".menu")
    yield "menu of a link"
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+d")
    page.wait_for_selector(".picker [role=option]")
    yield "compare with"
    page.keyboard.press("Enter")
    page.wait_for_selector(".compared")
    yield "compare"
    page.keyboard.press("Escape")
    yield from scenes_of_a_file(page, server)


def scenes_of_a_file(page: Any, server: Serving) -> Any:
    """What a saved document has: older versions, and a file that another program changed."""
    name = f"walked{page.evaluate('performance.timeOrigin')}.yaml"
    page.keyboard.press("Control+Shift+s")
    page.locator(".dialog input").fill(name)
    page.keyboard.press("Enter")
    page.wait_for_selector(".dialog", state="detached")
    page.locator('[data-id="sampler"] .node-head').click()
    page.keyboard.press("Control+b")
    page.wait_for_selector(".dirty")
    page.keyboard.press("Control+s")
    page.wait_for_selector(".dirty", state="detached")
    page.keyboard.press("w")
    page.locator(".panel .queue-tools .button").last.click()
    page.locator(".versions li button").first.click()
    page.wait_for_selector(".versions .difference")
    yield "versions"
    page.keyboard.press("Escape")
    page.locator(".panel header button").click()
    path = f"/api/v1/workflows/{name}"
    found = server.call("GET", path)
    changed = found.json["text"].replace("steps: 20", "steps: 9")
    answer = server.call("PUT", path, {"text": changed}, {"If-Match": found.json["etag"]})
    assert answer.status == 200
    page.wait_for_selector(".banner")
    yield "changed elsewhere"
    page.locator(".banner button").click()
    page.wait_for_selector(".dialog .difference")
    yield "conflict"
    page.keyboard.press("Escape")
    assert server.call("DELETE", path).status == 204
    page.wait_for_selector(".banner button >> nth=1")
    yield "deleted elsewhere"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_anywhere(page: Any, server: Serving, theme: str) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm ci in web/")
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    until(page, f"document.documentElement.dataset.theme === '{theme}'")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    serious = []
    for scene in scenes(page, server):
        until(page, "document.getAnimations().length === 0")
        result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        serious += [
            (scene, found["id"], [node["html"][:120] for node in found["nodes"]][:2])
            for found in result["violations"]
            if found["impact"] in ("serious", "critical")
        ]
    assert serious == []


def test_no_word_of_the_english_page_is_left_in_chinese(browser: Any, server: Serving) -> None:
    catalogue = (SOURCE / "en.ts").read_text(encoding="utf-8")
    english = set(re.findall(r'^  \w+:\s+"(.+)",$', catalogue, re.MULTILINE))
    terms = (SOURCE / "terms.zh.ts").read_text(encoding="utf-8")
    pairs = re.findall(r'^  "?(.+?)"?:\s+"(.+)",$', terms, re.MULTILINE)
    english |= {name for name, chinese in pairs if name != chinese and " " in name}
    docs = json.loads((SOURCE / "docs.zh.json").read_text(encoding="utf-8"))
    english |= {line for doc in docs for line in (doc, *doc.split("\n")) if " " in line}
    english.discard("Delete")  # a key is called so too
    assert len(english) > 200
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN")
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{server.port}/?token={server.token}")
    page.wait_for_selector(".form h1:has-text('文生图')")
    left = {(scene, word) for scene in scenes(page, server) for word in page.evaluate(WORDS)
            if word in english}  # fmt: skip
    context.close()
    assert left == set()


def test_the_page_behind_a_dialog_takes_no_focus_and_gets_it_back(page: Any) -> None:
    page.get_by_role("button", name="Graph").focus()
    page.keyboard.press("Control+,")
    inside = (
        "document.activeElement === document.body || !!document.activeElement.closest('.dialog')"
    )
    page.wait_for_selector(".dialog")
    for _ in range(40):
        page.keyboard.press("Tab")
        assert page.evaluate(inside)
    page.keyboard.press("Escape")
    page.wait_for_selector(".dialog", state="detached")
    until(page, "document.activeElement.innerText === 'Graph'")
