"""Journeys of running: a first picture, what an edit runs again, the queue, lost connections."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.server.serving import ROOT, Serving
from tests.web.conftest import painted, until, visit
from tests.web.gestures import PICTURE, centre, drag, open_text, passes, set_number

pytestmark = pytest.mark.heavy

SLOW = "nodes: {slow: {node: Slow, seconds: %s}}"


class Line:
    """The way of a page's events, which can be cut."""

    def __init__(self, context: Any) -> None:
        self.whole = True
        self.open: list[Any] = []
        context.route_web_socket("**/api/v1/events*", self.connect)

    def connect(self, socket: Any) -> None:
        if self.whole:
            socket.connect_to_server()
            self.open.append(socket)
        else:
            socket.close()

    def cut(self) -> None:
        self.whole = False
        for socket in self.open:
            socket.close()
        self.open.clear()

    def mend(self) -> None:
        self.whole = True


def verdict(page: Any, node: str) -> Any:
    """The line below a node that says what became of it."""
    return page.locator(f'[data-id="{node}"] .verdict')


def test_the_form_makes_a_picture_and_an_edit_runs_only_what_it_touches(page: Any) -> None:
    page.wait_for_selector("text=/ of 7 nodes will run/")
    page.wait_for_selector("text=MB of weights in memory")
    set_number(page, "Steps", "12")
    with passes(page, ".stage.live img[src^='blob:']"):
        page.keyboard.press("Control+Enter")
    page.wait_for_selector(PICTURE)
    first = page.locator(PICTURE).get_attribute("src")
    assert page.evaluate("src => fetch(src).then(r => r.headers.get('content-type'))", first) == (
        "image/png"
    )
    page.get_by_role("button", name="Graph").click()
    expect(verdict(page, "sampler")).to_contain_text("never computed")
    page.get_by_role("textbox", name="positive text").fill("a red apple on a blue background")
    page.wait_for_selector('[data-id="positive"] .verdict.planned:has-text("will run")')
    page.wait_for_selector('[data-id="negative"] .verdict:not(.planned)')
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_selector('[data-id="save"] .verdict.ran')
    expect(verdict(page, "positive")).to_contain_text("ran: text changed")
    expect(verdict(page, "negative")).to_contain_text("reused")
    page.get_by_role("button", name="Form").click()
    page.wait_for_selector(f'{PICTURE}:not([src="{first}"])')


def test_a_node_that_is_renamed_keeps_its_picture_also_when_that_is_undone(page: Any) -> None:
    open_text(
        page,
        "nodes: {flat: {node: EmptyImage, width: 32, height: 32, color: 9},"
        " look: {node: PreviewImage, images: $flat}}",
    )
    page.keyboard.press("Control+Enter")
    page.wait_for_selector('[data-id="look"] .node-picture')
    page.locator('[data-id="look"] .node-head').click()
    page.keyboard.press("F2")
    page.get_by_role("dialog").get_by_role("textbox").fill("seen")
    page.keyboard.press("Enter")
    page.wait_for_selector('[data-id="seen"] .node-picture')
    page.keyboard.press("Control+z")
    page.wait_for_selector('[data-id="look"] .node-picture')


def test_run_to_here_runs_no_further(page: Any) -> None:
    page.get_by_role("button", name="Graph").click()
    set_number(page, "sampler steps", "3")
    page.locator('[data-id="positive"] .node-head').click()
    page.keyboard.press("Alt+Enter")
    page.wait_for_selector('[data-id="positive"] .verdict:not(.planned)')
    assert page.locator('[data-id="sampler"] .verdict.ran').count() == 0


def test_the_queue_is_counted_paused_and_cancelled(page: Any, server: Serving) -> None:
    page.keyboard.press("q")
    page.get_by_role("button", name="Pause the queue").click()
    page.get_by_role("button", name="Resume the queue").wait_for()
    open_text(page, SLOW % 30)
    for count in (1, 2):
        page.keyboard.press("Control+Enter")
        page.get_by_role("button", name=f"Queue: {count}").wait_for()
    page.get_by_role("button", name="Resume the queue").click()
    page.wait_for_selector('[data-id="slow"] .verdict.running:has-text("step")')
    for count in (1, 0):
        page.keyboard.press("Control+Alt+Enter")
        page.get_by_role("button", name=f"Queue: {count}").wait_for()
    page.wait_for_selector('[data-id="slow"] .verdict.planned')
    page.get_by_role("button", name="Form").click()
    page.wait_for_selector(".stage-line:has-text('cancelled')")
    expect(page.locator(".stage-line .bar")).to_have_count(0)


def test_an_answer_from_before_a_pause_does_not_undo_it(context: Any, server: Serving) -> None:
    held: list[Any] = []
    context.route("**/api/v1/queue", lambda asked: held.append((asked, asked.fetch())))
    page = visit(context, server)
    while not held:
        page.wait_for_timeout(50)
    page.keyboard.press("q")
    page.get_by_role("button", name="Pause the queue").click()
    resume = page.get_by_role("button", name="Resume the queue")
    resume.wait_for()
    for asked, answer in held:
        with page.expect_response("**/api/v1/queue"):
            asked.fulfill(response=answer)
    painted(page)
    assert resume.count() == 1
    context.unroute("**/api/v1/queue")
    resume.click()
    page.get_by_role("button", name="Pause the queue").wait_for()


def test_what_was_put_first_stands_first_in_the_queue_and_is_the_next_to_go(page: Any) -> None:
    page.keyboard.press("q")
    page.get_by_role("button", name="Pause the queue").click()
    page.get_by_role("button", name="Resume the queue").wait_for()
    for count, name in enumerate(("one", "two", "three"), 1):
        open_text(page, f"name: {name}\n{SLOW % 5}", f"{name}.yaml")
        page.keyboard.press("Control+Shift+Enter" if name == "three" else "Control+Enter")
        page.get_by_role("button", name=f"Queue: {count}").wait_for()
    waiting = page.locator(".panel .list li b")
    names = "[...document.querySelectorAll('.panel .list li b')].map(b => b.innerText).join(' ')"
    until(page, f"({names}) === 'three one two'")
    waiting.nth(2).locator("xpath=ancestor::li").get_by_role("button", name="Run first").click()
    until(page, f"({names}) === 'two three one'")
    page.keyboard.press("Control+Alt+Enter")
    until(page, f"({names}) === 'three one'")
    page.get_by_role("button", name="Cancel all").click()
    page.get_by_role("button", name="Resume the queue").click()
    page.get_by_role("button", name="Queue: 0").wait_for()


def test_the_form_tells_the_time_left(page: Any) -> None:
    set_number(page, "Steps", "150")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".stage-line:has-text(' left')")
    page.keyboard.press("Control+Alt+Enter")
    page.wait_for_selector(".stage-line:has-text('cancelled')")


def test_a_lost_connection_heals_in_the_middle_of_a_job(context: Any, server: Serving) -> None:
    line = Line(context)
    page = visit(context, server)
    open_text(page, SLOW % 3)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector('[data-id="slow"] .verdict.running:has-text("step")')
    line.cut()
    page.wait_for_selector(".banner")
    line.mend()
    page.wait_for_selector('[data-id="slow"] .verdict.ran')
    page.wait_for_selector(".banner", state="detached")
    page.wait_for_selector('[data-id="slow"] pre:has-text("slept")')


def test_the_server_dies_and_comes_back(page: Any, server: Serving) -> None:
    open_text(page, SLOW % 3)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector('[data-id="slow"] .verdict.running:has-text("step")')
    server.kill()
    page.wait_for_selector(".banner")
    set_number(page, "slow seconds", "0.5")
    server.start()
    page.wait_for_selector(".banner", state="detached")
    page.wait_for_selector('[data-id="slow"] pre:has-text("slept")')
    page.wait_for_selector('[data-id="slow"] .verdict.planned')
    page.reload()
    page.wait_for_selector(".node")
    expect(page.get_by_role("spinbutton", name="slow seconds")).to_have_value("0.5")


def test_dialogs_open_while_the_server_is_away(page: Any, server: Serving) -> None:
    fetched = "performance.getEntriesByType('resource').some(({name}) => /TemplatesD/.test(name))"
    until(page, fetched)
    server.kill()
    page.wait_for_selector(".banner")
    set_number(page, "Steps", "7")
    page.get_by_role("main").click(position={"x": 600, "y": 20})
    page.keyboard.press("?")
    page.get_by_role("dialog").get_by_text("Ctrl").first.wait_for()
    page.keyboard.press("Escape")
    expect(page.get_by_role("spinbutton", name="Steps")).to_have_value("7")
    server.start()
    page.wait_for_selector(".banner", state="detached")


def test_what_cannot_be_shown_takes_no_work_with_it(context: Any, server: Serving) -> None:
    context.route("**/assets/ShortcutsDialog-*", lambda asked: asked.abort())
    page = visit(context, server)
    set_number(page, "Steps", "7")
    page.get_by_role("main").click(position={"x": 600, "y": 20})
    page.keyboard.press("?")
    page.get_by_role("alert").get_by_role("button", name="Back to the workflow").click()
    expect(page.get_by_role("spinbutton", name="Steps")).to_have_value("7")
    page.keyboard.press("Control+z")
    expect(page.get_by_role("spinbutton", name="Steps")).to_have_value("20")


def test_a_run_that_no_server_takes_leaves_the_one_before(page: Any, server: Serving) -> None:
    open_text(page, "nodes: {show: {node: Show, value: one}, slow: {node: Slow, seconds: 4}}")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector('[data-id="slow"] .verdict.running:has-text("step")')
    server.kill()
    page.wait_for_selector(".banner")
    page.get_by_role("textbox", name="show value").fill("two")
    page.keyboard.press("Control+Enter")
    toast = page.locator(".toast:has-text('the server does not answer')").bounding_box()
    banner = page.locator(".banner").bounding_box()
    assert toast["y"] + toast["height"] <= banner["y"]
    server.start()
    page.wait_for_selector(".banner", state="detached")
    page.wait_for_selector('[data-id="slow"] pre:has-text("slept")')
    page.wait_for_selector('[data-id="show"] .verdict.planned:has-text("will run")')


def test_what_is_wrong_is_said_at_its_input_and_mended_by_a_click(page: Any) -> None:
    open_text(
        page,
        "nodes: {checkpoint: {node: CheckpointLoaderSimple, ckpt_name: tiny-emojy},"
        " encoded: {node: CLIPTextEncod, clip: $checkpoint, text: kept},"
        " show: {node: PreviewAny, source: $encoded}}",
    )
    page.get_by_role("button", name="tiny-emoji", exact=True).click()
    page.wait_for_selector('[data-id="encoded"] .node-missing')
    expect(page.locator('[data-id="encoded"]')).to_contain_text("kept")
    page.get_by_role("button", name="CLIPTextEncode", exact=True).click()
    page.wait_for_selector('[data-id="encoded"] .node-missing', state="detached")
    page.get_by_role("button", name="$checkpoint.CLIP", exact=True).click()
    page.wait_for_selector('[data-id="show"] .verdict.planned')
    page.keyboard.press("Control+Enter")
    page.wait_for_selector('[data-id="show"] .verdict.ran')


def test_a_node_that_fails_says_what_and_the_others_end(page: Any) -> None:
    open_text(page, "nodes: {broken: {node: Broken}, show: {node: Show, value: fine}}")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector('[data-id="broken"] .verdict.failed:has-text("broken on purpose")')
    page.wait_for_selector('[data-id="show"] pre:has-text("fine")')
    page.locator('[data-id="broken"] summary').click()
    expect(page.locator('[data-id="broken"] .trace pre')).to_contain_text("RuntimeError")


def test_a_loop_tells_how_far_it_is(page: Any) -> None:
    open_text(
        page,
        "nodes: {many: {node: one, loop: {each: {seconds: [0.4, 0.5, 0.6]}}}}\n"
        "subgraphs: {one: {inputs: {seconds: FLOAT},"
        " nodes: {slow: {node: Slow, seconds: $inputs.seconds}}, outputs: {}}}",
    )
    expect(page.locator(".node-missing")).to_have_count(0)
    with passes(page, '[data-id="many"] .verdict.running'):
        page.keyboard.press("Control+Enter")
    page.wait_for_selector('[data-id="many"] .verdict.ran:has-text("3 / 3")')


def test_running_on_change(page: Any) -> None:
    open_text(page, "nodes: {show: {node: Show, value: one}}")
    page.get_by_role("button", name="Run on change").click()
    page.get_by_role("textbox", name="show value").fill("two")
    page.wait_for_selector('[data-id="show"] pre:has-text("two")')


def test_a_seed_that_goes_on_and_a_node_that_moves_run_nothing_by_themselves(
    page: Any, server: Serving
) -> None:
    def jobs() -> int:
        return len(server.call("GET", "/api/v1/jobs?limit=200").json["jobs"])

    # An edit that still waits for its plan would be run as well.
    with page.expect_response(
        lambda answer: '"steps":2,' in (answer.request.post_data or "") and "/plan" in answer.url
    ):
        set_number(page, "Steps", "2")
    page.get_by_role("button", name="Seed: Keep the seed").click()
    page.get_by_role("button", name="Seed: New seed after each run").click()
    page.get_by_role("button", name="Run on change").click()
    before = jobs()
    set_number(page, "Steps", "3")
    page.wait_for_selector(".stage-line:has-text('done in')")
    page.wait_for_timeout(1500)
    assert jobs() == before + 1
    page.get_by_role("button", name="Graph").click()
    x, y = centre(page, '[data-id="save"] .node-head')
    drag(page, (x, y), (x, y + 60))
    page.wait_for_timeout(1000)
    assert jobs() == before + 1
    with passes(page, "button[aria-label='Queue: 1']"):
        set_number(page, "sampler steps", "4")
    page.get_by_role("button", name="Queue: 0").wait_for()
    page.wait_for_timeout(1000)
    assert jobs() == before + 2


def test_a_loop_shows_its_links_and_what_each_node_inside_did_in_all_rounds(page: Any) -> None:
    grid = (ROOT / "workflows" / "xy_grid.yaml").read_text(encoding="utf-8")
    open_text(page, grid, "grid.yaml")
    page.keyboard.press("f")
    steps = '.react-flow__edge[aria-label="steps.list[INT] → pictures.steps"]'
    page.wait_for_selector(steps, state="attached")
    page.locator(f"{steps} .react-flow__edge-interaction").dispatch_event("click", {"altKey": True})
    page.wait_for_selector(steps, state="detached")
    page.wait_for_selector('[data-id="pictures"] [role=spinbutton][aria-label="pictures steps"]')
    page.keyboard.press("Control+z")
    page.wait_for_selector(steps, state="attached")

    rounds = (ROOT / "workflows" / "repeat.yaml").read_text(encoding="utf-8")
    open_text(page, rounds.replace("steps: 20", "steps: 2"), "rounds.yaml")
    page.keyboard.press("f")
    page.locator('[data-id="rounds"] .node-head').dblclick()
    page.wait_for_selector('[data-id="encoded"]')
    page.keyboard.press("Control+Enter")
    for node in ("encoded", "sampler", "image"):
        page.wait_for_selector(f'[data-id="{node}"] .verdict.ran:has-text("3 / 3")')
    page.keyboard.press("Escape")
    expect(verdict(page, "rounds")).to_contain_text("9 / 9")
