"""Journeys with what was made: gallery, comparison, history, sweeps, dropped pictures, masks."""

import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.server.serving import Serving
from tests.web.conftest import painted, until
from tests.web.gestures import PICTURE, drop, open_text, run_form, set_number

pytestmark = pytest.mark.heavy

GRAPH = {
    "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "tiny-emoji"}},
    "2": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["1", 1], "text": "a green frog"}},
}
INPAINT = """
nodes:
  load: {node: LoadImage, image: source.png}
  checkpoint: {node: CheckpointLoaderSimple, ckpt_name: tiny-emoji}
  text: {node: CLIPTextEncode, clip: $checkpoint.CLIP, text: a frog on a red background}
  encoded: {node: VAEEncode, pixels: $load.IMAGE, vae: $checkpoint.VAE}
  masked: {node: SetLatentNoiseMask, samples: $encoded, mask: $load.MASK}
  sampler: {node: KSampler, model: $checkpoint.MODEL, positive: $text, negative: $text,
            latent_image: $masked, seed: 1, steps: 4, cfg: 1.0, sampler_name: euler,
            scheduler: normal, denoise: 1.0}
  image: {node: VAEDecode, samples: $sampler, vae: $checkpoint.VAE}
  save: {node: SaveImage, images: $image, filename_prefix: inpainted}
"""


def picture(server: Serving, address: str) -> Image.Image:
    return Image.open(io.BytesIO(server.call("GET", address).body)).convert("RGB")


def test_pictures_are_compared_searched_and_say_how_they_were_made(page: Any) -> None:
    run_form(page, 2, "a red apple")
    run_form(page, 2, "a green frog")
    page.get_by_role("button", name="Results").click()
    page.wait_for_selector(".shot >> nth=1")
    page.get_by_role("textbox", name="Search").fill("no such picture")
    until(page, "document.querySelectorAll('.shot').length === 0")
    page.get_by_role("textbox", name="Search").fill("txt2img")
    for index in (0, 1):
        page.locator(".shot input").nth(index).check(force=True)
    page.get_by_role("button", name="Compare (2)").click()
    page.wait_for_selector(".viewer figure img >> nth=1")
    page.get_by_role("button", name="Compare under a slider").click()
    slider = page.get_by_role("slider", name="Compare under a slider")
    slider.focus()
    for _ in range(4):
        slider.press("ArrowRight")
    expect(page.locator(".slider .over")).to_have_attribute("style", re.compile("52%"))
    page.keyboard.press("i")
    page.wait_for_selector(".facts:has-text('128 × 128')")
    expect(page.locator(".facts")).to_contain_text("a green frog")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Escape")
    page.wait_for_selector(".viewer", state="detached")


def test_two_runs_are_compared_and_one_is_run_again(page: Any) -> None:
    apple = run_form(page, 2, "a red apple")
    run_form(page, 2, "a blue house")
    page.get_by_role("button", name="History").click()
    for index in (0, 1):
        page.locator(".run > input").nth(index).check()
    page.get_by_role("button", name="Compare two runs").click()
    page.wait_for_selector(".difference")
    expect(page.locator(".difference del")).to_have_text("a red apple")
    expect(page.locator(".difference ins")).to_have_text("a blue house")
    page.get_by_role("button", name="Text", exact=True).last.click()
    page.wait_for_selector(".lines ins:has-text('a blue house')")
    page.keyboard.press("Escape")
    number = page.locator(".run b").nth(1).inner_text().split()[0]
    count = page.locator(".run").count()
    page.locator(f".run:has-text('{number} ')").get_by_role("button", name="Run it again").click()
    page.wait_for_selector(f".run >> nth={count}")
    open_it = page.get_by_role("button", name="Open this run's workflow")
    page.locator(f".run:has-text('{number} ')").locator(open_it).click()
    until(page, "document.querySelectorAll('.tab').length === 2")
    page.wait_for_selector(".form h1")
    expect(page.get_by_role("textbox", name="Prompt")).to_have_value("a red apple")
    page.wait_for_selector(f'{PICTURE}[src="{apple}"]')
    page.wait_for_selector(".stage-line:has-text('done in')")
    page.get_by_role("button", name="Graph").click()
    page.wait_for_selector('[data-id="save"] .node-picture')
    page.wait_for_selector('[data-id="save"] .verdict:is(.ran, .cached)')
    page.reload()
    page.wait_for_selector('[data-id="save"] .node-picture')


def test_the_history_is_searched_by_prompts_models_and_seeds(page: Any) -> None:
    set_number(page, "Seed", "987654321")
    run_form(page, 1, "a turquoise teapot")
    set_number(page, "Seed", "5")
    run_form(page, 1, "a plum")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="History").click()
    search = page.get_by_role("textbox", name="Search")
    titles = "document.querySelectorAll('.run').length"
    for words in ("TEAPOT", "987654321", "tiny-emoji turquoise"):
        search.fill(words)
        until(page, f"{titles} === 1")
        page.get_by_role("button", name="Open this run's workflow").click()
        page.wait_for_selector(".form h1")
        until(page, "document.querySelector('.form textarea').value === 'a turquoise teapot'")
        page.get_by_role("button", name=re.compile("Close: .*")).last.click()
        search.fill("")
        until(page, f"{titles} > 1")
    search.fill("no such words")
    page.get_by_text("Nothing fits.").wait_for()
    search.fill("text to image")
    until(page, f"{titles} > 1")


@pytest.mark.parametrize("name", ["a.png", "a.webp", "a.jpg"])
def test_a_dropped_picture_of_comfyui_opens_its_workflow(page: Any, name: str) -> None:
    data, exif = io.BytesIO(), Image.Exif()
    exif[0x0110] = f"prompt:{json.dumps(GRAPH)}"
    made = Image.new("RGB", (8, 8))
    if name.endswith("png"):
        from PIL.PngImagePlugin import PngInfo

        chunks = PngInfo()
        chunks.add_text("prompt", json.dumps(GRAPH))
        made.save(data, "PNG", pnginfo=chunks)
    else:
        made.save(data, "WEBP" if name.endswith("webp") else "JPEG", exif=exif)
    drop(page, name, data.getvalue())
    page.wait_for_selector(".node:has-text('CLIP Text Encode')")
    expect(page.get_by_role("textbox", name="text")).to_have_value("a green frog")


def test_a_picture_of_ours_opens_its_workflow_and_makes_itself_again(
    page: Any, server: Serving
) -> None:
    address = run_form(page, 2, "a yellow star")
    page.get_by_role("textbox", name="Prompt").fill("something else")
    drop(page, "mine.png", server.call("GET", address).body)
    page.wait_for_selector(".form h1")
    expect(page.get_by_role("textbox", name="Prompt")).to_have_value("a yellow star")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(PICTURE)
    again = page.locator(PICTURE).get_attribute("src")
    assert np.array_equal(picture(server, address), picture(server, again))


def test_a_webp_of_ours_opens_its_workflow(page: Any, server: Serving) -> None:
    open_text(
        page,
        "nodes: {flat: {node: EmptyImage, width: 32, height: 32, batch_size: 2, color: 7},"
        " save: {node: SaveAnimatedWEBP, images: $flat, filename_prefix: moving, title: 动画}}",
    )
    page.keyboard.press("Control+Enter")
    page.wait_for_selector('[data-id="save"] .node-picture')
    page.locator('[data-id="save"] .node-pictures button').click()
    page.get_by_role("button", name="Open its workflow").click()
    until(page, "document.querySelectorAll('.tab').length === 3")
    page.wait_for_selector('[data-id="save"] .node-head:has-text("动画")')
    address = "/api/v1/files/output/moving_00001_.webp"
    drop(page, "moving.webp", server.call("GET", address).body)
    until(page, "document.querySelectorAll('.tab').length === 4")
    page.wait_for_selector('[data-id="flat"]')
    expect(page.get_by_role("spinbutton", name="flat batch_size")).to_have_value("2")


def test_a_sweep_makes_a_grid(page: Any) -> None:
    set_number(page, "Steps", "1")
    page.get_by_role("main").click(position={"x": 600, "y": 20})
    page.keyboard.press("s")
    page.get_by_role("textbox", name="Across: Values").fill("1..3")
    page.locator(".axis select").nth(1).select_option("positive.text")
    page.get_by_role("textbox", name="Down: Values").fill("a red apple\na cat, black")
    page.get_by_role("button", name="Run 6 variants").click()
    page.wait_for_selector(".sweep-grid td img >> nth=5")
    expect(page.locator(".sweep-grid th:not(:empty)")).to_have_text(
        ["1", "2", "3", "a red apple", "a cat, black"]
    )
    sources = page.eval_on_selector_all(".sweep-grid td img", "all => all.map(i => i.src)")
    assert len(set(sources)) == 6


def test_a_result_is_dragged_to_where_a_picture_is_wanted(page: Any) -> None:
    run_form(page, 1, "a purple grape")
    open_text(page, "nodes: {load: {node: LoadImage, image: gone.png}}")
    well = page.locator('[data-id="load"] .picture-well')
    well.get_by_text("The picture cannot be read").wait_for()
    expect(
        page.locator('[data-id="load"]').get_by_role("button", name="Paint a mask")
    ).to_have_count(0)
    page.keyboard.press("g")
    shot = page.locator(".shot button").first
    name = shot.get_attribute("title")
    shot.drag_to(well)
    page.wait_for_selector(f'[data-id="load"] .picture-well img[alt="{name}"]')
    shot.drag_to(page.locator(".react-flow__pane"), target_position={"x": 560, "y": 560})
    page.wait_for_selector(".react-flow__node:nth-child(2) .picture-well img")
    tabs = page.locator(".tab").count()
    assert tabs == 2, "no workflow is opened by it"


def test_a_mask_is_painted_and_only_what_it_covers_is_drawn_anew(
    page: Any, server: Serving, tmp_path: Path
) -> None:
    source = Image.new("RGB", (128, 128), (40, 90, 220))
    source.save(tmp_path / "source.png")
    open_text(page, INPAINT)
    page.set_input_files('[data-id="load"] input[type=file]', tmp_path / "source.png")
    page.get_by_role("button", name="Paint a mask").click()
    page.wait_for_selector("canvas.mask")
    painted(page)
    box = page.locator("canvas.mask").bounding_box()
    left, top, side = box["x"], box["y"], box["width"]
    for share in (0.1, 0.2, 0.3, 0.4):
        page.mouse.move(left + side * share, top + side * 0.05)
        page.mouse.down()
        page.mouse.move(left + side * share, top + side * 0.95, steps=5)
        page.mouse.up()
    page.get_by_role("button", name="Use this mask").click()
    page.wait_for_selector('[data-id="load"] img[alt="source-mask.png"]')
    page.keyboard.press("Control+Enter")
    page.wait_for_selector('[data-id="save"] .node-picture')
    page.locator('[data-id="save"] .node-pictures button').click()
    address = page.locator(".viewer figure img").get_attribute("src")
    changed = np.abs(
        np.asarray(picture(server, address), np.int16) - np.asarray(source, np.int16)
    ).mean(axis=2)
    assert changed[16:112, 24:40].mean() > 3 * changed[:, 96:].mean()


def test_a_picture_that_another_program_wrote_is_seen_when_the_window_is_looked_at(
    page: Any, server: Serving
) -> None:
    focus = "window.dispatchEvent(new Event('focus'))"
    folder = server.folder / "work" / "input"
    folder.mkdir(exist_ok=True)
    open_text(
        page,
        "nodes: {load: {node: LoadImage, image: from_outside.png},"
        " save: {node: SaveImage, images: $load.IMAGE, filename_prefix: seen}}",
    )
    page.wait_for_selector('[data-id="load"] .node-problems')
    page.wait_for_selector('[data-id="load"] .picture-well span')
    Image.new("RGB", (40, 20), (200, 0, 0)).save(folder / "from_outside.png")
    page.evaluate(focus)
    page.wait_for_selector('[data-id="load"] .node-problems', state="detached")
    shown = "document.querySelector('[data-id=\"load\"] .picture-well img')"
    until(page, f"{shown}?.naturalWidth === 40")
    Image.new("RGB", (30, 60), (0, 200, 0)).save(folder / "from_outside.png")
    page.evaluate(focus)
    until(page, f"{shown}?.naturalWidth === 30")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector('[data-id="save"] .verdict.ran')
    page.keyboard.press("g")
    page.wait_for_selector(".shot img[alt='seen_00001_.png']")
    thumb = "document.querySelector(\".shot img[alt='seen_00001_.png']\")"
    until(page, f"{thumb}?.naturalWidth === 30")
    Image.new("RGB", (50, 20)).save(server.folder / "work" / "output" / "seen_00001_.png")
    search = page.get_by_role("textbox", name="Search")
    search.fill("seen")
    until(page, f"{thumb}?.naturalWidth === 50")
