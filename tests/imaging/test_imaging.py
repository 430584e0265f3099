"""Resizing, masks, picture files."""

import math
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from nodeflow.diffusion.resize import bislerp, resize
from nodeflow.imaging.files import (
    PictureError,
    check_picture,
    expand_prefix,
    free_name,
    next_number,
    place_for,
    read_picture,
)
from nodeflow.imaging.latent_file import read_latent
from nodeflow.imaging.masks import composite, for_inpaint, grow
from nodeflow.imaging.outpaint import padded
from nodeflow.imaging.save import save_latent_file, save_pictures


def test_resizing_against_torch_and_pillow() -> None:
    x = torch.rand(2, 3, 12, 20)
    for method in ("nearest-exact", "area"):
        wanted = torch.nn.functional.interpolate(x, (9, 31), mode=method)
        assert torch.equal(resize(x, 31, 9, method), wanted)  # type: ignore[arg-type]
    for method in ("bilinear", "bicubic"):
        wanted = torch.nn.functional.interpolate(x, (9, 31), mode=method, align_corners=False)
        assert torch.equal(resize(x, 31, 9, method), wanted)  # type: ignore[arg-type]
    grey = (x[:1, :1] * 255).round() / 255
    plane = Image.fromarray((grey[0, 0] * 255).round().byte().numpy())
    wanted = np.asarray(plane.resize((31, 9), Image.Resampling.LANCZOS)) / 255
    assert np.allclose(resize(grey, 31, 9, "lanczos")[0, 0].numpy(), wanted, atol=1e-6)


def test_centre_crop_keeps_the_aspect_ratio() -> None:
    x = torch.arange(40.0).reshape(1, 1, 4, 10)
    assert torch.equal(resize(x, 4, 4, "bilinear", crop=True), x[..., 3:7])


def test_bislerp_keeps_lengths() -> None:
    angles = torch.tensor([0.0, math.pi / 2])
    x = torch.stack([angles.cos(), angles.sin()])[None, :, None, :].expand(1, 2, 2, 2)
    wide = bislerp(x, 8, 2)
    assert torch.allclose(wide.norm(dim=1), torch.ones(1, 2, 8), atol=1e-5)
    turned = torch.atan2(wide[0, 1, 0], wide[0, 0, 0])
    assert bool((turned.diff() >= -1e-6).all()) and float(turned[-1]) == pytest.approx(math.pi / 2)


def test_bislerp_turns_vectors_and_mixes_lengths() -> None:
    """Between the centres of cells: directions by angle, opposite ones in a straight line."""
    made = torch.Generator().manual_seed(1)
    x = torch.randn(1, 3, 1, 3, generator=made, dtype=torch.float64)
    x[..., 2] = -2 * x[..., 1]
    wide = bislerp(x, 7, 1)[0, :, 0].double()
    for place in range(7):
        at = min(max((place + 0.5) * 3 / 7 - 0.5, 0), 2)
        low = int(at)
        part, a, b = at - low, x[0, :, 0, low], x[0, :, 0, min(low + 1, 2)]
        if low == 1:
            wanted = a * (1 - part) + b * part
        elif low == 2:
            wanted = a
        else:
            angle = torch.acos(a @ b / (a.norm() * b.norm()))
            one, two = (((1 - part) * angle).sin(), (part * angle).sin())
            turned = (one * a / a.norm() + two * b / b.norm()) / angle.sin()
            wanted = turned * (a.norm() * (1 - part) + b.norm() * part)
        assert torch.allclose(wide[:, place], wanted, atol=1e-5), place


def test_inpaint_mask_and_grey() -> None:
    pixels = torch.ones(1, 32, 32, 3)
    mask = torch.zeros(1, 32, 32)
    mask[:, 12:20, 12:20] = 1
    grey, grown = for_inpaint(pixels, mask, 6)
    assert grey[0, 15, 15, 0] == 0.5 and grey[0, 11, 11, 0] == 1
    assert grown.shape == (1, 1, 32, 32)
    columns = grown[0, 0, 15].nonzero().flatten()
    assert len(columns) == 8 + 6 - 1
    assert torch.equal(grow(mask[:, None], 0)[:, 0], mask)


@pytest.mark.parametrize(
    ("operation", "wanted"),
    [
        ("multiply", 0.2), ("add", 0.9), ("subtract", 0.1), ("and", 0.0), ("or", 1.0),
        ("xor", 1.0),
    ],
)  # fmt: skip
def test_combining_masks(operation: str, wanted: float) -> None:
    low, high = torch.full((1, 4, 6), 0.5), torch.full((1, 2, 9), 0.4)
    if operation in ("and", "or", "xor"):
        low = torch.full((1, 4, 6), 0.6)
    out = composite(low, high, 3, 1, operation)
    assert out[0, 1, 3] == pytest.approx(wanted) and out[0, 0, 0] == low[0, 0, 0]
    assert torch.equal(composite(low, high, 60, 1, operation), low)


def test_padding_for_outpaint() -> None:
    image, mask = padded(torch.ones(1, 40, 40, 3), 8, 0, 0, 16, 10)
    assert image.shape == (1, 56, 48, 3) and mask.shape == (1, 56, 48)
    assert image[0, 0, 0, 0] == 0.5 and mask[0, 55, 0] == 1 and mask[0, 0, 47] == 0
    assert 0 < float(mask[0, 10, 12]) < 1


def test_alpha_and_orientation(tmp_path: Path) -> None:
    rgba = Image.new("RGBA", (4, 2), (255, 0, 0, 0))
    rgba.putpixel((0, 0), (0, 255, 0, 255))
    rgba.save(tmp_path / "a.png")
    picture, mask = read_picture(tmp_path / "a.png")
    assert picture.shape == (1, 2, 4, 3) and picture[0, 0, 0].tolist() == [0, 1, 0]
    assert mask[0, 0, 0] == 0 and mask[0, 1, 1] == 1
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (4, 2)).save(tmp_path / "b.jpg", exif=exif)
    picture, mask = read_picture(tmp_path / "b.jpg")
    assert picture.shape == (1, 4, 2, 3) and mask.shape == (1, 64, 64) and not mask.any()


def test_what_is_no_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.png"
    Image.new("RGB", (64, 64), (1, 2, 3)).save(path)
    check_picture(path)
    data = path.read_bytes()
    for broken in (b"", b"words", data[: len(data) // 2]):
        path.write_bytes(broken)
        with pytest.raises(PictureError):
            check_picture(path)
    path.write_bytes(data)
    monkeypatch.setattr("nodeflow.imaging.files.PIXEL_LIMIT", 1000)
    with pytest.raises(PictureError, match="too many"):
        check_picture(path)


def test_names_of_saved_pictures(tmp_path: Path) -> None:
    moment = datetime(2026, 3, 4, 5, 6, 7)
    name = expand_prefix("%date:yyyy-MM-dd_hhmmss%/%width%x%height%", 64, 32, moment)
    assert name == "2026-03-04_050607/64x32"
    made = save_pictures(torch.zeros(2, 4, 4, 3), tmp_path, "output", "run/cat", {"k": "é"})
    assert [f.path for f in made.files] == ["run/cat_00001_.png", "run/cat_00002_.png"]
    (tmp_path / "run" / "cat_00041_.png").touch()
    assert next_number(tmp_path / "run", "cat") == 42
    with Image.open(tmp_path / "run" / "cat_00001_.png") as picture:
        assert picture.info["k"] == "é"
    for bad in ("../x", "/etc/x", "a/../../x", "", "run/", "a\nb", "..", "C:\\x"):
        with pytest.raises(PictureError):
            place_for(tmp_path, bad)


def test_pictures_saved_side_by_side_have_their_own_names(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        saved = list(
            pool.map(
                lambda level: save_pictures(
                    torch.full((2, 64, 64, 3), level / 255), tmp_path, "output", "cat", {}
                ),
                range(16),
            )
        )
    names = {name for made in saved for name in (f.path for f in made.files)}
    assert names == {f"cat_{number:05}_.png" for number in range(1, 33)}
    assert {path.name for path in tmp_path.iterdir()} == names
    for level, made in enumerate(saved):
        for file in made.files:
            with Image.open(tmp_path / file.path) as picture:
                assert picture.getpixel((0, 0)) == (level, level, level)


def test_a_name_that_is_held_is_left_out(tmp_path: Path) -> None:
    with (
        free_name(tmp_path, "cat", ".png") as first,
        free_name(tmp_path, "cat", ".png") as second,
    ):
        assert (first.name, second.name) == ("cat_00001_.png", "cat_00002_.png")


def test_latent_files(tmp_path: Path) -> None:
    samples = torch.randn(1, 4, 8, 8)
    (file,) = save_latent_file(samples, tmp_path, "l/x", {}).files
    assert torch.equal(read_latent(tmp_path / file.path), samples)
    from safetensors.torch import save_file

    save_file({"latent_tensor": samples}, tmp_path / "old.latent")
    assert torch.allclose(read_latent(tmp_path / "old.latent"), samples / 0.18215)
