"""What a person does with the page."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.web.conftest import at_rest, painted, until

PICTURE = ".form-result .stage button img"
DROP = """([name, type, data]) => {
    const bytes = Uint8Array.from(atob(data), c => c.charCodeAt(0));
    const drop = new DataTransfer();
    drop.items.add(new File([bytes], name, {type}));
    return drop;
}"""
DRAFT = """async () => {
    const { active } = JSON.parse(sessionStorage.getItem("nodeflow.tabs"));
    const answer = await fetch(`/api/v1/drafts/${active}`);
    return answer.ok && (await answer.json()).content;
}"""
WATCH = """selector => {
    const look = () => document.querySelector(selector) && passed.add(selector);
    const passed = window.passed ??= new Set();
    passed.delete(selector);
    new MutationObserver(look).observe(document, {subtree: true, childList: true, attributes: true,
        characterData: true});
}"""
TYPES = {".yaml": "application/yaml", ".json": "application/json",
         ".png": "image/png", ".webp": "image/webp", ".jpg": "image/jpeg"}  # fmt: skip


@contextmanager
def says(page: Any, words: str) -> Iterator[None]:
    """What is done inside makes the page say this, anew where it was said before."""
    page.evaluate("document.querySelector('.toast')?.setAttribute('data-old', '')")
    yield
    page.wait_for_selector(f".toast:not([data-old]):has-text('{words}')")


@contextmanager
def passes(page: Any, selector: str) -> Iterator[None]:
    """What is done inside makes the page show this, were it for less than a frame."""
    page.evaluate(WATCH, selector)
    yield
    until(page, f"window.passed.has({json.dumps(selector)})")


def drop(page: Any, name: str, data: bytes) -> None:
    """Drop a file on the page."""
    kind = TYPES[Path(name).suffix]
    held = page.evaluate_handle(DROP, [name, kind, base64.b64encode(data).decode()])
    with says(page, name):
        page.dispatch_event(".app", "drop", {"dataTransfer": held})


def open_text(page: Any, text: str, name: str = "dropped.yaml") -> None:
    """Drop a document on the page."""
    drop(page, name, text.encode())
    page.wait_for_selector(".node, .form h1")
    at_rest(page)


def save_as(page: Any, name: str) -> None:
    """Save the document under a name."""
    page.keyboard.press("Control+Shift+s")
    page.get_by_role("textbox", name="Save", exact=True).fill(name)
    with says(page, f"Saved: {name}"):
        page.keyboard.press("Enter")
    page.wait_for_selector(".dialog", state="detached")


def set_number(page: Any, name: str, value: str) -> None:
    """Type into a number field."""
    field = page.get_by_role("spinbutton", name=name)
    field.click()
    field.fill(value)
    field.press("Enter")


def drafted(page: Any, holds: str) -> None:
    """Wait until the server has a draft of the shown tab for which a JavaScript function holds."""
    until(page, f"({DRAFT})().then(draft => draft && ({holds})(draft))")


def run_form(page: Any, steps: int, prompt: str) -> str:
    """Run the form with a prompt; returns the picture's address once that run is over."""
    old = page.locator(PICTURE).get_attribute("src") if page.locator(PICTURE).count() else ""
    set_number(page, "Steps", str(steps))
    page.get_by_role("textbox", name="Prompt").fill(prompt)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(f'{PICTURE}:not([src="{old}"])')
    page.wait_for_selector(".stage-line:has-text('done in')")
    address: str = page.locator(PICTURE).get_attribute("src")
    return address


def centre(page: Any, selector: str) -> tuple[float, float]:
    """The middle of an element on the screen."""
    box = page.locator(selector).first.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Press, move in steps, let go."""
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=4)
    page.mouse.move(*end, steps=6)
    page.mouse.up()
    painted(page)


def port(node: str, name: str) -> str:
    """The selector of a node's port."""
    return f'.react-flow__node[data-id="{node}"] .react-flow__handle[data-handleid="{name}"]'
