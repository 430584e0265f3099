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


def scenes(page: Any) -> Any:
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
    yield "menu"
    page.keyboard.press("Escape")
    page.mouse.dblclick(640, 740)
    page.wait_for_selector(".picker")
    yield "search"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_anywhere(page: Any, theme: str) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm ci in web/")
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    until(page, f"document.documentElement.dataset.theme === '{theme}'")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    serious = []
    for scene in scenes(page):
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
    left = {(scene, word) for scene in scenes(page) for word in page.evaluate(WORDS)
            if word in english}  # fmt: skip
    context.close()
    assert left == set()
