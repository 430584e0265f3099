"""Journeys of hands that know other node editors: keys held in drags, arrow keys, old seeds."""

from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.server.serving import Serving
from tests.web.conftest import at_rest, painted, until
from tests.web.gestures import centre, drag, drop, open_text, port, set_number
from tests.web.test_editor import saved

pytestmark = pytest.mark.heavy


def head(node: str) -> str:
    return f'[data-id="{node}"] .node-head'


def chosen(page: Any, *names: str) -> None:
    """Wait until these nodes are selected, and no others."""
    found = "[...document.querySelectorAll('.react-flow__node.selected')].map(n => n.dataset.id)"
    until(page, f"{found}.sort().join(' ') === '{' '.join(sorted(names))}'")


def focused(page: Any, name: str) -> None:
    """Wait until a node has the keyboard."""
    until(page, f"document.activeElement.dataset.id === '{name}'")


def test_a_selection_moves_together_with_shift_held(graph: Any, server: Serving) -> None:
    before = saved(graph, server, "together_before")["layout"]["nodes"]
    graph.locator(head("positive")).click()
    graph.locator(head("negative")).click(modifiers=["Shift"])
    x, y = centre(graph, head("positive"))
    graph.keyboard.down("Shift")
    drag(graph, (x, y), (x + 10, y + 60))
    graph.keyboard.up("Shift")
    chosen(graph, "positive", "negative")
    after = saved(graph, server, "together")["layout"]["nodes"]
    down = {name: after[name]["y"] - before[name]["y"] for name in after}
    assert down["positive"] == down["negative"] > 40 and down["sampler"] == 0


def test_numbers_are_dragged_finely_and_coarsely_in_the_graph(graph: Any) -> None:
    cfg = '[aria-label="sampler cfg"]'
    field = graph.locator(cfg)
    x, y = centre(graph, cfg)
    values = [float(field.input_value())]
    for held in ("", "Shift", "Control"):
        if held:
            graph.keyboard.down(held)
        drag(graph, (x, y), (x + 24, y))
        if held:
            graph.keyboard.up(held)
        values.append(float(field.input_value()))
    plain, fine, coarse = (after - before for before, after in pairwise(values))
    assert 0 < fine < plain < coarse
    prompt = graph.get_by_role("textbox", name="positive text")
    prompt.click()
    prompt.press("Control+Home")
    prompt.click(modifiers=["Shift"])
    assert prompt.evaluate("({selectionStart: start, selectionEnd: end}) => end - start") > 0


def test_what_a_box_selected_is_edited_as_ever(graph: Any) -> None:
    graph.keyboard.down("Control")
    drag(graph, (560, 230), (1000, 530))
    graph.keyboard.up("Control")
    chosen(graph, "sampler", "image")
    set_number(graph, "sampler steps", "9")
    expect(graph.get_by_role("spinbutton", name="sampler steps")).to_have_value("9")
    graph.locator(head("image")).click(button="right")
    graph.get_by_role("menuitem", name="Align left edges").wait_for()


def test_arrow_keys_move_for_good_and_groups_carry(graph: Any, server: Serving) -> None:
    before = saved(graph, server, "arrows_before")["layout"]["nodes"]
    graph.locator(head("save")).click()
    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowDown"):
        graph.keyboard.press(key)
    save = saved(graph, server, "arrows")["layout"]["nodes"]["save"]
    assert (save["x"], save["y"]) == (before["save"]["x"] + 10, before["save"]["y"] + 20)
    graph.keyboard.press("Control+z")
    save = saved(graph, server, "arrows_undone")["layout"]["nodes"]["save"]
    assert (save["x"], save["y"]) == (before["save"]["x"], before["save"]["y"])
    for name in ("positive", "negative"):
        graph.locator(head(name)).click(modifiers=["Control"] if name == "negative" else [])
    graph.keyboard.press("Control+g")
    graph.locator(".react-flow__node-group").focus()
    graph.keyboard.press("Enter")
    chosen(graph, "group:group")
    graph.keyboard.press("ArrowDown")
    after = saved(graph, server, "arrows_group")["layout"]["nodes"]
    assert after["positive"]["y"] == before["positive"]["y"] + 5
    assert after["sampler"]["y"] == before["sampler"]["y"]


def test_seeds_used_before_are_chosen_again_and_change_inside_subgraphs(
    graph: Any, server: Serving
) -> None:
    def run() -> str:
        """Run; returns the seed after it."""
        before = seed.input_value()
        graph.keyboard.press("Control+Enter")
        until(graph, f"document.querySelector('{field}').value !== '{before}'")
        after: str = seed.input_value()
        return after

    field = '[aria-label="sampler seed"]'
    seed = graph.locator(field)
    set_number(graph, "sampler steps", "1")
    graph.get_by_role("button", name="sampler seed: Keep the seed").click()
    second = run()
    run()
    graph.get_by_role("button", name="sampler seed: Seeds used last").click()
    expect(graph.get_by_role("option")).to_have_text([second, "1"])
    graph.get_by_role("option", name="1", exact=True).click()
    assert saved(graph, server, "seed_again")["nodes"]["sampler"]["seed"] == 1

    # A seed that is not handed out of a subgraph has its own life inside.
    graph.locator(head("sampler")).click()
    graph.keyboard.press("Control+Shift+e")
    graph.locator(head("part")).dblclick()
    graph.wait_for_selector(head("sampler"))
    at_rest(graph)
    seed_port = '[data-id="sampler"] [data-handleid="seed"]'
    drag(graph, centre(graph, seed_port), (700, 740))
    seed.wait_for()
    expect(graph.get_by_role("button", name="sampler seed: Keep the seed")).to_have_count(1)
    graph.get_by_role("button", name="sampler seed: Keep the seed").click()
    run()


def test_links_are_drawn_and_cut_by_keyboard(graph: Any, server: Serving) -> None:
    graph.keyboard.press("l")
    graph.wait_for_selector(".toast:has-text('Select a node first.')")
    graph.locator('.react-flow__node[data-id="sampler"]').focus()
    for key in ("Enter", "l"):
        graph.keyboard.press(key)
    graph.get_by_role("combobox", name="Links of sampler").fill("negative ← positive")
    graph.keyboard.press("Enter")
    graph.wait_for_selector(".picker", state="detached")
    focused(graph, "sampler")
    graph.keyboard.press("l")
    graph.get_by_role("combobox", name="Links of sampler").fill("latent → image")
    option = graph.get_by_role("option").first
    expect(option).to_have_text("LATENT → image.samples\nCut the link", use_inner_text=True)
    graph.keyboard.press("Enter")
    nodes = saved(graph, server, "by_keyboard")["nodes"]
    assert nodes["sampler"]["negative"] == "$positive" and "samples" not in nodes["image"]

    # In a subgraph its inputs and outputs are ends like others.
    graph.locator(head("sampler")).click()
    graph.keyboard.press("Control+Shift+e")
    chosen(graph, "part")
    graph.keyboard.press("e")
    graph.wait_for_selector(head("sampler"))
    graph.locator(head("sampler")).click()
    graph.keyboard.press("l")
    graph.get_by_role("option", name="LATENT → New output").wait_for()
    graph.get_by_role("combobox", name="Links of sampler").fill("denoise new input")
    graph.keyboard.press("Enter")
    inside = saved(graph, server, "by_keyboard_inside")["subgraphs"]["part"]
    assert inside["nodes"]["sampler"]["denoise"] == "$inputs.denoise"

    graph.locator('.react-flow__node[data-id="sampler"]').focus()
    graph.keyboard.press("Shift+F10")
    graph.get_by_role("menu").wait_for()
    graph.keyboard.press("Escape")
    graph.get_by_role("menu").wait_for(state="detached")
    focused(graph, "sampler")
    graph.keyboard.press("i")
    graph.get_by_role("dialog").wait_for()
    graph.keyboard.press("Escape")
    graph.get_by_role("dialog").wait_for(state="detached")
    focused(graph, "sampler")


MIDDLE = """() => {
    const path = document.querySelector('[data-id="image.IMAGE>save.images"] path');
    const point = path.getPointAtLength(path.getTotalLength() / 2);
    const { x, y } = point.matrixTransform(path.getScreenCTM());
    return [x, y];
}"""


def middle(page: Any) -> tuple[float, float]:
    """The middle of a link, once that is drawn."""
    page.wait_for_selector('[data-id="image.IMAGE>save.images"] path', state="attached")
    x, y = page.evaluate(MIDDLE)
    return x, y


def test_a_click_on_the_middle_of_a_link_bends_it_once(graph: Any, server: Serving) -> None:
    graph.mouse.dblclick(*middle(graph))
    graph.wait_for_selector('[data-id="reroute"]')
    nodes = saved(graph, server, "bent_once")["nodes"]
    assert nodes["reroute"]["value"] == "$image" and nodes["save"]["images"] == "$reroute"
    graph.keyboard.press("Control+z")
    graph.wait_for_selector('[data-id="reroute"]', state="detached")
    # Where the bend is not drawn yet, the second click is on the canvas.
    graph.mouse.click(*middle(graph))
    graph.wait_for_selector('[data-id="reroute"]')
    graph.locator(".react-flow__pane").dispatch_event("dblclick")
    graph.keyboard.press("Control+z")
    graph.wait_for_selector('[data-id="reroute"]', state="detached")
    assert not graph.get_by_role("dialog").count() and not graph.get_by_role("listbox").count()
    graph.keyboard.down("Alt")
    graph.mouse.click(*middle(graph))
    graph.keyboard.up("Alt")
    assert "images" not in saved(graph, server, "middle_cut")["nodes"]["save"]


def test_words_of_a_note_are_selected_where_somebody_writes(graph: Any, server: Serving) -> None:
    graph.mouse.dblclick(760, 600)
    graph.get_by_role("combobox").fill("add a note")
    graph.keyboard.press("Enter")
    words = graph.get_by_role("textbox", name="Note")
    words.click()
    graph.keyboard.type("Hello there")
    before = words.bounding_box()
    at = (before["x"] + 8, before["y"] + 10)
    drag(graph, at, (at[0] + 50, at[1]))
    assert words.evaluate("({selectionStart: start, selectionEnd: end}) => end - start") > 3
    assert words.bounding_box() == before
    words.blur()
    drag(graph, at, (at[0] + 50, at[1]))
    left = "document.querySelector('.note textarea').getBoundingClientRect().x"
    until(graph, f"Math.abs({left} - {before['x'] + 50}) <= 6")


def test_a_node_is_copied_after_words_of_a_prompt_were_selected(graph: Any) -> None:
    graph.context.grant_permissions(["clipboard-read", "clipboard-write"])
    graph.get_by_role("textbox", name="positive text").click()
    graph.keyboard.press("Control+a")
    graph.keyboard.press("Control+c")
    said = "navigator.clipboard.readText().then(text => text === 'a rocket on a blue background')"
    until(graph, said)
    graph.locator(head("save")).click()
    graph.keyboard.press("Control+c")
    graph.mouse.move(700, 700)
    graph.keyboard.press("Control+v")
    graph.wait_for_selector('[data-id="save_2"]')


def test_a_collapsed_subgraph_is_entered_by_its_head(graph: Any) -> None:
    graph.locator(head("sampler")).click()
    graph.keyboard.press("Control+Shift+e")
    chosen(graph, "part")
    graph.keyboard.press("Alt+c")
    graph.wait_for_selector('[data-id="part"] .folded')
    graph.locator(head("part")).dblclick()
    graph.wait_for_selector(head("sampler"))
    graph.keyboard.press("Escape")
    graph.locator('[data-id="part"] .node-enter').click()
    graph.wait_for_selector(head("sampler"))


def test_links_of_the_selected_node_do_not_lie_over_the_fields_of_others(graph: Any) -> None:
    graph.locator(head("sampler")).click()
    chosen(graph, "sampler")
    painted(graph)
    covered = graph.evaluate("""
        [...document.querySelectorAll(".node input")].filter((field) => {
            const { left, top, width, height } = field.getBoundingClientRect();
            return [0.1, 0.3, 0.5, 0.7, 0.9].some((share) => document.elementFromPoint(
                left + width * share, top + height / 2) !== field);
        }).map((field) => field.ariaLabel)
    """)
    assert covered == []


def test_what_one_gesture_did_is_undone_at_once(graph: Any) -> None:
    count = "document.querySelectorAll('.react-flow__node').length"
    links = "document.querySelectorAll('.react-flow__edge').length"
    drag(graph, centre(graph, port("image", "IMAGE")), (900, 640))
    graph.get_by_role("combobox").press("Enter")
    until(graph, f"{count} === 8 && {links} === 10")
    graph.keyboard.press("Control+z")
    until(graph, f"{count} === 7 && {links} === 9")
    graph.keyboard.press("Control+y")
    until(graph, f"{count} === 8 && {links} === 10")


def test_a_damaged_picture_says_so_and_brings_no_node(graph: Any) -> None:
    drop(graph, "torn.png", b"\x89PNG\r\n\x1a\n" + bytes(100))
    expect(graph.locator(".react-flow__node")).to_have_count(7)


def edge(end: str) -> str:
    """The selector of the link into an input."""
    return f'.react-flow__edge[data-id$=">{end}"]'


def test_a_node_dropped_on_a_link_is_back_where_it_was_after_one_undo(page: Any) -> None:
    open_text(
        page,
        "nodes: {grey: {node: EmptyImage, width: 64, height: 64}, between: {node: ImageInvert},"
        " show: {node: PreviewImage, images: $grey}}\n"
        "layout: {nodes: {grey: {x: 0, y: 0}, between: {x: 250, y: 300}, show: {x: 600, y: 0}}}",
    )
    page.wait_for_selector(f"{edge('show.images')} path", state="attached")
    at_rest(page)
    place = "document.querySelector('[data-id=\"between\"]').style.transform"
    count = "document.querySelectorAll('.react-flow__edge').length"
    before = page.evaluate(place)
    middle = page.evaluate(MIDDLE.replace("image.IMAGE>save.images", "grey.IMAGE>show.images"))
    drag(page, centre(page, head("between")), tuple(middle))
    until(page, f"{count} === 2 && {place} !== '{before}'")
    page.keyboard.press("Control+z")
    until(page, f"{count} === 1 && {place} === '{before}'")
    page.keyboard.press("Control+y")
    until(page, f"{count} === 2 && {place} !== '{before}'")


def test_a_link_moved_at_a_subgraphs_end_is_back_after_one_undo(page: Any) -> None:
    open_text(
        page,
        "nodes: {grey: {node: EmptyImage}, part: {node: inner, picture: $grey},"
        " show: {node: PreviewImage, images: $part.out}}\n"
        "subgraphs: {inner: {inputs: {picture: IMAGE}, outputs: {out: $one}, nodes: {"
        "one: {node: ImageInvert, image: $inputs.picture}, two: {node: ImageInvert}},"
        " layout: {nodes: {one: {x: 300, y: 0}, two: {x: 300, y: 250}}}}}",
    )
    page.locator(head("part")).dblclick()
    one, two = edge("one.image"), edge("two.image")
    page.wait_for_selector(one, state="attached")
    at_rest(page)
    drag(page, centre(page, port("one", "image")), centre(page, port("two", "image")))
    page.wait_for_selector(two, state="attached")
    page.wait_for_selector(one, state="detached")
    page.keyboard.press("Control+z")
    page.wait_for_selector(one, state="attached")
    page.wait_for_selector(two, state="detached")
