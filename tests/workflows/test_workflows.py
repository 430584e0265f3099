"""Every shipped workflow runs with the embedded model and gives a picture, not a blank."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nodeflow.engine.run import Engine
from nodeflow.graph.edit import apply_named_inputs
from nodeflow.interop.open import open_workflow
from nodeflow.node.check import check
from nodeflow.node.folders import Folders
from nodeflow.node.plugins import load_registry

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted(
    path for path in (ROOT / "workflows").glob("*.yaml") if not path.name.endswith(".test.yaml")
)
WORKFLOWS = [path for path in TEMPLATES if not path.with_suffix(".test.yaml").exists()]
"""Those that have no graph test beside them."""
SIZES = {
    "hires_fix": (192, 192), "regions": (256, 128), "edges": (256, 128), "hooks": (256, 128),
    "panorama": (512, 128), "tiled_upscale": (256, 256), "outpaint": (256, 128),
    "detail_pass": (256, 256), "differential": (256, 128), "compositing": (550, 148),
    "prompt_schedule": (550, 148), "wildcards": (550, 148), "batch": (550, 148),
    "lora_tags": (550, 148), "merge": (550, 296), "guidance_kinds": (1086, 173),
    "speed_patches": (550, 173), "preprocessors": (1086, 173), "compare": (640, 128),
    "canny_control": (550, 282), "silhouettes": (550, 282), "old_photograph": (684, 173),
    "upscale_model": (550, 148), "picture_prompt": (416, 416), "boxes": (684, 282),
    "picture_word": (416, 282),
}  # fmt: skip


def run(path: Path, folder: Path, **inputs: str | int) -> Path:
    """Run a workflow file; returns the picture it saved."""
    workflow = apply_named_inputs(open_workflow(path), inputs)
    folders = Folders(output=folder / "output", temp=folder / "temp")
    result = Engine().run(check(workflow, load_registry(), folders))
    assert not result.failures
    (file,) = result.outputs["save"].files
    return folders.output / file.path


def pixels(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """A picture in 0..1."""
    with Image.open(path) as picture:
        return np.asarray(picture, dtype=np.float64) / 255


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflow_runs(path: Path, tmp_path: Path) -> None:
    saved = run(path, tmp_path)
    with Image.open(saved) as picture:
        assert picture.size == SIZES.get(path.stem, (128, 128))
    assert pixels(saved).std() > 0.1


@pytest.mark.parametrize(
    ("colour", "channel"), [("red", 0), ("green", 1), ("blue", 2)], ids=["red", "green", "blue"]
)
def test_the_background_is_the_named_one(tmp_path: Path, colour: str, channel: int) -> None:
    prompt = f"a ghost on a {colour} background"
    picture = pixels(run(ROOT / "workflows/txt2img.yaml", tmp_path, prompt=prompt))
    corners = picture[[2, 2, -3, -3], [2, -3, 2, -3]].mean(axis=0)
    assert int(corners.argmax()) == channel
    assert corners[channel] > 1.3 * np.delete(corners, channel).max()


def test_each_template_has_a_picture_and_a_row_in_the_gallery() -> None:
    gallery = (ROOT / "docs/gallery.md").read_text(encoding="utf-8")
    names = {path.stem for path in TEMPLATES}
    pictures = ROOT / "workflows/pictures"
    assert names == {path.stem for path in pictures.iterdir()}
    for name in names:
        with Image.open(pictures / f"{name}.webp") as picture:
            assert picture.width >= 128
        assert (
            f"](../workflows/pictures/{name}.webp) | [{name}.yaml](../workflows/{name}.yaml)"
            in gallery
        )


def test_each_template_is_told_in_chinese() -> None:
    known = (ROOT / "web/src/language/terms.zh.ts").read_text(encoding="utf-8")
    for path in TEMPLATES:
        workflow = open_workflow(path)
        for text in (workflow.name, workflow.description):
            assert not text or f'"{text}":' in known or f"\n  {text}:" in known, (
                f"{path.name}: {text}"
            )


def test_equal_seeds_give_equal_pictures(tmp_path: Path) -> None:
    path = ROOT / "workflows/txt2img.yaml"
    first = pixels(run(path, tmp_path / "a", seed=5, steps=3))
    assert np.array_equal(first, pixels(run(path, tmp_path / "b", seed=5, steps=3)))
    assert not np.array_equal(first, pixels(run(path, tmp_path / "c", seed=6, steps=3)))


def test_inpainting_keeps_what_is_outside_the_mask(tmp_path: Path) -> None:
    saved = run(ROOT / "workflows/inpaint.yaml", tmp_path)
    (shown,) = (tmp_path / "temp").glob("*.png")
    kept = np.abs(pixels(saved) - pixels(shown))
    assert kept[:, :40].mean() < 0.1 < 2 * kept[:, 72:].mean()
