"""A journey on a phone: fingers alone, as the browser gets them."""

import io
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.server.serving import ROOT, Serving
from tests.web.conftest import PATIENCE, at_rest, painted, until, visit
from tests.web.gestures import PICTURE, centre, open_text, port, set_number
from tests.web.test_big_graphs import VIEW, view
from tests.web.test_editor import saved

pytestmark = pytest.mark.heavy

Point = tuple[float, float]


class Fingers:
    """Touches of a page."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.session = page.context.new_cdp_session(page)

    def send(self, kind: str, *points: Point) -> None:
        touches = [{"x": x, "y": y, "id": index} for index, (x, y) in enumerate(points)]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    def touch(self, at: Point) -> None:
        """Put a finger down and lift it again."""
        self.send("touchStart", at)
        self.page.wait_for_timeout(40)
        self.send("touchEnd")
        painted(self.page)

    def ask(self, at: Point, item: str) -> None:
        """Hold a finger down until a menu comes that has this item."""
        self.send("touchStart", at)
        self.page.get_by_role("menuitem", name=item).wait_for()
        self.send("touchEnd")
        painted(self.page)

    def tap(self, selector: str) -> None:
        self.touch(centre(self.page, selector))

    def move(self, *ways: tuple[Point, Point], steps: int = 10) -> None:
        """Move fingers at once, each from one point to another."""
        self.send("touchStart", *(start for start, _ in ways))
        for step in range(1, steps + 1):
            part = step / steps
            self.send("touchMove", *((a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part)
                                     for a, b in ways))  # fmt: skip
            self.page.wait_for_timeout(16)
        # A finger that is lifted while it moves makes a fling, which eats the next tap.
        self.page.wait_for_timeout(100)
        self.send("touchEnd")
        painted(self.page)


@pytest.fixture
def phone(browser: Any, server: Serving) -> Iterator[Any]:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, locale="en-US", has_touch=True, is_mobile=True
    )
    context.set_default_timeout(PATIENCE * 1000)
    errors: list[str] = []
    context.on("weberror", lambda found: errors.append(str(found.error)))
    yield visit(context, server)
    context.close()
    assert errors == []


def test_a_picture_is_made_from_the_form(phone: Any) -> None:
    fingers = Fingers(phone)
    set_number(phone, "Steps", "2")
    phone.evaluate("document.activeElement.blur()")
    at = centre(phone, "[aria-label=Steps]")
    fingers.move((at, (at[0] + 24, at[1] + 1)))
    expect(phone.get_by_role("spinbutton", name="Steps")).to_have_value("8")
    set_number(phone, "Steps", "2")
    fingers.tap(".run-group .button.primary")
    phone.wait_for_selector(PICTURE)


def test_the_graph_is_walked_and_changed_by_fingers(phone: Any, server: Serving) -> None:
    fingers = Fingers(phone)
    open_text(phone, (ROOT / "workflows" / "regions.yaml").read_text(encoding="utf-8"))
    fingers.tap("[aria-label=Graph]")
    phone.wait_for_selector('[data-id="left"] .area-box')
    at_rest(phone)
    # A graph begins so large that it can be read.
    assert view(phone)[0] == pytest.approx(0.8)
    assert phone.locator('[data-id="checkpoint"]').bounding_box()["x"] == pytest.approx(16, abs=1)
    phone.keyboard.press(".")
    at_rest(phone)
    zoom, x, y = view(phone)
    fingers.move(((200, 700), (120, 600)))
    until(phone, f"(([a, e, f]) => a === {zoom} && Math.hypot(e - {x - 80}, f - {y - 100}) < 12)"
                 f"(({VIEW})())")  # fmt: skip

    head = centre(phone, '[data-id="left"] .node-head')
    fingers.move(((head[0] - 20, head[1]), (60, 200)), ((head[0] + 20, head[1]), (280, 200)))
    until(phone, f"({VIEW})()[0] > {zoom} * 4")
    left, width = phone.locator('[data-id="left"]'), "[aria-label='left width']"
    expect(left.get_by_role("spinbutton", name="left width")).to_have_value("128")

    fingers.ask((20, 120), "Add a node")
    fingers.touch((380, 130))
    expect(phone.locator(".menu")).to_have_count(0)
    head = centre(phone, '[data-id="left"] .node-head')
    fingers.ask(head, "Run to here")
    fingers.touch((20, 120))
    expect(phone.locator(".menu")).to_have_count(0)
    fingers.move((head, (head[0] + 30, head[1] + 40)))
    centred = "(({ x, y, width, height }) => [x + width / 2, y + height / 2])"
    box = "document.querySelector('[data-id=left] .node-head').getBoundingClientRect()"
    until(phone, f"(([x, y]) => Math.hypot(x - {head[0] + 30}, y - {head[1] + 40}) < 20)"
                 f"({centred}({box}))")  # fmt: skip

    box = left.locator(".area-box").bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    fingers.move((middle, (middle[0] + box["width"] / 2, middle[1])))
    slider = left.get_by_role("slider")
    expect(slider).to_have_attribute("aria-valuetext", "128 by 128 at 64, 0")
    left.get_by_role("button", name="Edit the area large").tap()
    window = phone.get_by_role("dialog", name="left: Area")
    window.locator(".area-box").wait_for()
    painted(phone)
    box = window.locator(".area-box").bounding_box()
    corner = (box["x"] + box["width"], box["y"] + box["height"])
    fingers.move((corner, (corner[0] - box["width"] / 2, corner[1] - box["height"] / 4)))
    expect(window.get_by_role("slider")).to_have_attribute("aria-valuetext", "64 by 96 at 64, 0")
    window.get_by_role("button", name="Close").tap()

    fingers.tap(width)
    until(phone, "document.activeElement.getAttribute('aria-label') === 'left width'")
    phone.keyboard.type("32*3")
    phone.keyboard.press("Enter")
    phone.evaluate("document.activeElement.blur()")
    at = centre(phone, width)
    # A second finger makes a drag of a number a pinch, which changes no number.
    zoom = view(phone)[0]
    fingers.move((at, (at[0] - 40, at[1])), ((at[0] + 60, at[1]), (at[0] + 80, at[1])))
    until(phone, f"({VIEW})()[0] !== {zoom}")
    expect(left.get_by_role("spinbutton", name="left width")).to_have_value("96")

    phone.keyboard.press(".")
    at_rest(phone)
    at = centre(phone, '[data-id="left"] .node-head')
    assert 0 < at[0] < 390 and 80 < at[1] < 796
    fingers.move(((at[0] - 20, at[1]), (40, 200)), ((at[0] + 20, at[1]), (160, 200)))
    fingers.move((centre(phone, port("left", "CONDITIONING")), (200, 740)))
    phone.get_by_role("combobox").fill("conditioning (combine)")
    phone.keyboard.press("Enter")
    phone.wait_for_selector('[data-id="conditioning_combine"]')
    nodes = saved(phone, server, "phone")["nodes"]
    assert [nodes["left"][side] for side in ("x", "y", "width", "height")] == [64, 0, 96, 96]
    assert nodes["conditioning_combine"]["conditioning_1"] == "$left"


def test_a_mask_is_painted_with_a_finger(phone: Any, server: Serving) -> None:
    fingers = Fingers(phone)
    picture = io.BytesIO()
    Image.new("RGB", (200, 100), "red").save(picture, "PNG")
    open_text(phone, "nodes: {photo: {node: LoadImage, image: ''}}")
    phone.locator("input[type=file]").set_input_files(
        {"name": "phone.png", "mimeType": "image/png", "buffer": picture.getvalue()}
    )
    phone.wait_for_selector(".picture-well img")
    phone.get_by_role("button", name="Paint a mask").tap()
    canvas = phone.locator(".painter-sheet .mask")
    canvas.wait_for()
    painted(phone)
    box = canvas.bounding_box()
    row = box["y"] + box["height"] / 4
    fingers.move(((box["x"] + 10, row), (box["x"] + box["width"] / 2, row)))
    use_mask(phone)
    name = saved(phone, server, "painted")["nodes"]["photo"]["image"]
    once = pixels_of(server, name)
    assert [once((60, y))[3] for y in (2, 25, 75)] == [255, 0, 255]
    assert once((150, 25)) == (255, 0, 0, 255)
    assert once((60, 25))[:3] == (255, 0, 0)

    # What was painted is there when the painter is opened again.
    phone.get_by_role("button", name="Paint a mask").tap()
    canvas.wait_for()
    painted(phone)
    row = box["y"] + box["height"] * 3 / 4
    fingers.move(((box["x"] + 10, row), (box["x"] + box["width"] / 2, row)))
    for button in ("Undo", "Redo", "Invert"):
        phone.locator(".painter").get_by_role("button", name=button).tap()
    use_mask(phone)
    name = saved(phone, server, "painted_again")["nodes"]["photo"]["image"]
    again = pixels_of(server, name)
    assert [again((60, y))[3] for y in (2, 25, 50, 75)] == [0, 255, 0, 255]
    assert again((60, 25)) == (255, 0, 0, 255)


def use_mask(page: Any) -> None:
    page.get_by_role("button", name="Use this mask").tap()
    page.wait_for_selector(".painter", state="detached")


def pixels_of(server: Serving, name: str) -> Any:
    """Colours of a stored picture by (x, y)."""
    stored = server.call("GET", f"/api/v1/files/input/{quote(name)}").body
    return Image.open(io.BytesIO(stored)).getpixel
