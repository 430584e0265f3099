"""Keys inside a plugin's sandboxed frame."""

from pathlib import Path
from typing import Any

import pytest

from tests.server.serving import Serving
from tests.web.conftest import until, visit
from tests.web.gestures import open_text

pytestmark = pytest.mark.heavy

NODE = '''
from typing import Annotated

from nodeflow.node import Artifacts, PortType, node

Tally = Annotated[int, PortType("TALLY", widget="tally.js")]


@node("Count", category="test", output=True)
def count(tally: Tally = 0) -> Artifacts:
    """Show a number."""
    return Artifacts(text=(str(tally),))
'''
MODULE = """
document.body.innerHTML =
  "<button id=up>more</button><input id=words aria-label=words><button id=own>own</button>";
let tally = 0;
up.onclick = () => { nodeflow.change(tally + 1); nodeflow.done(); };
own.onkeydown = (event) => event.preventDefault();
nodeflow.show(({ value }) => { up.textContent = `more than ${tally = value}`; });
"""


@pytest.fixture(scope="module")
def with_plugin(server: Serving, tmp_path_factory: pytest.TempPathFactory) -> Serving:
    plugin = Path(tmp_path_factory.mktemp("plugins")) / "tally"
    plugin.mkdir()
    (plugin / "__init__.py").write_text(NODE, encoding="utf-8")
    (plugin / "tally.js").write_text(MODULE, encoding="utf-8")
    server.package(plugin)
    return server


@pytest.fixture
def counter(context: Any, with_plugin: Serving) -> Any:
    """The page with a node whose widget counts; it was counted up twice."""
    page = visit(context, with_plugin)
    page.get_by_role("button", name="Graph").click()
    with page.expect_response("**/node-types"):
        page.keyboard.press("r")
    open_text(page, "nodes: {count: {node: Count, tally: 0}}\n")
    more = frame_of(page).get_by_role("button", name="more than")
    more.click()
    shows(page, 1)
    more.click()
    shows(page, 2)
    return page


def frame_of(page: Any) -> Any:
    return page.frame_locator('[data-id="count"] iframe')


def shows(page: Any, tally: int) -> None:
    frame_of(page).get_by_role("button", name=f"more than {tally}", exact=True).wait_for()


def test_undo_and_redo_reach_the_editor_from_a_plugins_frame(counter: Any) -> None:
    more = frame_of(counter).get_by_role("button", name="more than")
    more.press("Control+z")
    shows(counter, 1)
    more.press("Control+z")
    shows(counter, 0)
    more.press("Control+y")
    shows(counter, 1)
    more.press("Control+Shift+z")
    shows(counter, 2)


def test_a_text_field_and_a_module_keep_their_own_undo(counter: Any) -> None:
    words = frame_of(counter).get_by_role("textbox", name="words")
    words.press_sequentially("ab")
    words.press("Control+z")
    until(counter.frames[-1], "document.getElementById('words').value !== 'ab'")
    frame_of(counter).get_by_role("button", name="own").press("Control+z")
    counter.wait_for_timeout(300)
    shows(counter, 2)


def test_a_frame_forwards_nothing_else_and_changed_keys_as_well(counter: Any) -> None:
    more = frame_of(counter).get_by_role("button", name="more than")
    for chord in ("Control+a", "Control+b", "Delete", "Control+k"):
        more.press(chord)
    counter.wait_for_timeout(300)
    assert counter.locator(".picker, .bypass").count() == 0
    shows(counter, 2)
    counter.evaluate("document.activeElement.blur()")
    counter.keyboard.press("?")
    counter.get_by_role("button", name="Change: Undo, Ctrl+Z").click()
    counter.keyboard.press("Control+u")
    counter.keyboard.press("Escape")
    counter.wait_for_selector(".dialog", state="detached")
    more.press("Control+z")
    counter.wait_for_timeout(300)
    shows(counter, 2)
    more.press("Control+u")
    shows(counter, 1)


def test_run_and_save_reach_the_editor_also_from_a_text_field(counter: Any) -> None:
    words = frame_of(counter).get_by_role("textbox", name="words")
    words.press("Control+Enter")
    counter.wait_for_selector('[data-id="count"] pre:has-text("2")')
    frame_of(counter).get_by_role("button", name="more than").click()
    shows(counter, 3)
    frame_of(counter).get_by_role("button", name="more than").press("Control+Enter")
    counter.wait_for_selector('[data-id="count"] pre:has-text("3")')
    words.press("Control+s")
    counter.get_by_role("textbox", name="Save", exact=True).wait_for()
