"""Pictures and latents laid on one another."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from PIL import Image, ImageChops

from nodeflow.imaging import blend, latent_math, paste, porter_duff, regions, stitch


def test_pasting_cuts_what_lies_outside() -> None:
    below, above = torch.zeros(2, 1, 4, 5), torch.ones(1, 1, 3, 3)
    for x, y in ((0, 0), (3, 2), (-1, -2), (9, 0), (-3, 0)):
        wanted = torch.zeros(4, 5)
        for row in range(3):
            for column in range(3):
                if 0 <= y + row < 4 and 0 <= x + column < 5:
                    wanted[y + row, x + column] = 1
        out = paste.paste(below, above, x, y, None)
        assert torch.equal(out[0, 0], wanted) and torch.equal(out[1], out[0])
    assert not below.any()
    half = paste.paste(below, above, 1, 1, torch.full((1, 1, 1, 1), 0.25))
    assert half[0, 0, 2, 2] == 0.25
    rising = torch.arange(9.0).reshape(1, 1, 3, 3) / 8
    corner = paste.paste(below, above, -1, -2, rising)[0, 0]
    assert torch.equal(corner[:1, :2], rising[0, 0, 2:, 1:]) and not corner[1:].any()


def test_feathering_is_linear_and_at_most_one() -> None:
    weight = paste.feather(8, 6, 2, 4, 0, 0)
    assert weight[:, 5].tolist() == [0.25, 0.5, 0.75, 1, 1, 1, 1, 1]
    assert weight[7].tolist() == [0.5, 1, 1, 1, 1, 1]
    assert torch.equal(paste.feather(8, 6, 0, 0, 2, 4), weight.flip(0, 1))
    assert paste.feather(2, 2, 9, 9, 9, 9).shape == (2, 2)


@pytest.mark.parametrize(
    ("mode", "reference"),
    [
        ("multiply", ImageChops.multiply), ("screen", ImageChops.screen),
        ("overlay", ImageChops.overlay), ("difference", ImageChops.subtract),
    ],
)  # fmt: skip
def test_blending_is_that_of_pillow(mode: blend.BlendMode, reference) -> None:  # type: ignore[no-untyped-def]
    generator = np.random.default_rng(0)
    pixels = [generator.integers(0, 256, (8, 8, 3), dtype=np.uint8) for _ in range(2)]
    wanted = np.asarray(reference(*(Image.fromarray(p) for p in pixels))) / 255
    a, b = (torch.from_numpy(p).float()[None] / 255 for p in pixels)
    assert np.allclose(blend.blend(a, b, 1.0, mode)[0], wanted, atol=1.5 / 255)
    if mode != "difference":
        half = blend.blend(a, b, 0.5, mode)
        assert torch.allclose(half, (a + blend.blend(a, b, 1.0, mode)) / 2, atol=1e-6)


def test_soft_light_is_that_of_the_w3c() -> None:
    """Compositing and Blending Level 1, section 9.1: backdrop `b`, source `s`."""
    tones = np.linspace(0, 1, 41)
    b, s = np.meshgrid(tones, tones, indexing="ij")
    d = np.where(b <= 0.25, ((16 * b - 12) * b + 4) * b, np.sqrt(b))
    wanted = np.where(s <= 0.5, b - (1 - 2 * s) * b * (1 - b), b + (2 * s - 1) * (d - b))
    below, above = (torch.from_numpy(x).float()[None, ..., None] for x in (b, s))
    found = blend.blend(below, above, 1.0, "soft_light")[0, ..., 0]
    assert np.allclose(found, wanted, atol=1e-6)


FRACTIONS = {
    "CLEAR": (0, 0), "SRC": (1, 0), "DST": (0, 1), "SRC_OVER": (1, "1-a"), "DST_OVER": ("1-b", 1),
    "SRC_IN": ("b", 0), "DST_IN": (0, "a"), "SRC_OUT": ("1-b", 0), "DST_OUT": (0, "1-a"),
    "SRC_ATOP": ("b", "1-a"), "DST_ATOP": ("1-b", "a"), "XOR": ("1-b", "1-a"), "ADD": (1, 1),
}  # fmt: skip
"""The table of the paper: what part of source and destination stands in the result."""


@pytest.mark.parametrize("mode", FRACTIONS)
def test_porter_duff_follows_the_table(mode: porter_duff.Mode) -> None:
    for a, b in ((Fraction(1, 2), Fraction(1, 4)), (Fraction(1), Fraction(1, 2)), (0, 1)):
        part = {0: 0, 1: 1, "a": a, "b": b, "1-a": 1 - a, "1-b": 1 - b}
        source, target = (part[f] for f in FRACTIONS[mode])
        s, d = Fraction(a) * Fraction(3, 5), Fraction(b) * Fraction(1, 5)
        wanted = float(min(s * source + d * target, 1)), float(min(a * source + b * target, 1))
        values = (torch.tensor([float(v)]) for v in (s, a, d, b))
        out, alpha = porter_duff.compose(*values, mode)
        assert (float(out), float(alpha)) == pytest.approx(wanted, abs=1e-6)


MIXES = {
    "DARKEN": lambda s, d, a, b: (s * (1 - b) + d * (1 - a) + min(s, d), a + b - a * b),
    "LIGHTEN": lambda s, d, a, b: (s * (1 - b) + d * (1 - a) + max(s, d), a + b - a * b),
    "MULTIPLY": lambda s, d, a, b: (s * d, a * b),
    "SCREEN": lambda s, d, a, b: (s + d - s * d, a + b - a * b),
    "OVERLAY": lambda s, d, a, b: (
        2 * s * d if 2 * d < b else a * b - 2 * (b - s) * (a - d), a + b - a * b
    ),
}  # fmt: skip
"""As Android's PorterDuff.Mode documents them, on colours multiplied by their alpha."""


@pytest.mark.parametrize("mode", MIXES)
def test_mixes_are_those_of_android(mode: porter_duff.Mode) -> None:
    for a, b, light, other in ((0.5, 0.25, 0.6, 0.2), (0.75, 0.5, 0.3, 0.9), (0, 1, 0.5, 0.4)):
        s, d = a * light, b * other
        values = (torch.tensor([v], dtype=torch.float64) for v in (s, a, d, b))
        found = [float(v) for v in porter_duff.compose(*values, mode)]
        assert found == pytest.approx([min(v, 1) for v in MIXES[mode](s, d, a, b)], abs=1e-12)


@pytest.mark.parametrize("mode", ["SRC_OVER", "DST_OVER"])
def test_straight_colours_are_composed_as_pillow_does(mode: porter_duff.Mode) -> None:
    made = torch.Generator().manual_seed(2)
    layers = [torch.randint(0, 256, (8, 8, 4), generator=made, dtype=torch.uint8) for _ in "ab"]
    above, below = layers if mode == "SRC_OVER" else layers[::-1]
    pictures = [Image.fromarray(layer.numpy()) for layer in (below, above)]
    wanted = np.asarray(Image.alpha_composite(*pictures)) / 255
    a, b = (layer.float() / 255 for layer in layers)
    out, mask = porter_duff.composite(a[..., :3], 1 - a[..., 3:], b[..., :3], 1 - b[..., 3:], mode)
    assert np.allclose(torch.cat([out, 1 - mask], -1), wanted, atol=1.5 / 255)


def test_nothing_is_black_and_transparent() -> None:
    white, nothing = torch.ones(2, 2, 3), torch.ones(2, 2, 1)
    out, mask = porter_duff.composite(white, nothing, white, nothing, "SRC_OVER")
    assert not out.any() and bool((mask == 1).all())


@pytest.mark.parametrize("direction", ["right", "left", "up", "down"])
def test_stitching(direction: stitch.Direction) -> None:
    red = torch.tensor([1.0, 0, 0]).expand(1, 4, 6, 3)
    green = torch.tensor([0, 1.0, 0]).expand(2, 8, 12, 3)
    out = stitch.stitch(red, green, direction, True, 2, "blue")
    sideways = direction in ("left", "right")
    assert out.shape == ((2, 4, 14, 3) if sideways else (2, 10, 6, 3))
    line = out[0, 0] if sideways else out[0, :, 0]
    names = ["rgb"[int(p.argmax())] for p in line]
    reach = 6 if sideways else 4
    wanted = ["r"] * reach + ["b"] * 2 + ["g"] * reach
    assert names == (wanted if direction in ("right", "down") else wanted[::-1])
    loose = stitch.stitch(red, green, direction, False, 0, "white")
    assert loose.shape == ((2, 8, 18, 3) if sideways else (2, 12, 12, 3))


def test_a_region_and_back() -> None:
    mask = torch.zeros(1, 40, 60)
    mask[:, 20:24, 50:58] = 1
    x, y, width, height = regions.box(mask, 4, 8)
    assert width % 8 == 0 and height % 8 == 0
    assert x <= 46 and x + width <= 60 and y <= 16 and y + height >= 28
    assert regions.box(torch.zeros(1, 40, 60), 4, 8) == (0, 0, 60, 40)
    picture = torch.rand(1, 40, 60, 3)
    part = torch.ones(1, height * 2, width * 2, 3)
    out = regions.lay_back(picture, part, mask, (x, y, width, height), 0)
    assert torch.equal(out[mask.bool()], torch.ones(32, 3))
    assert torch.equal(out[~mask.bool()], picture[~mask.bool()])
    soft = regions.lay_back(picture, part, mask, (x, y, width, height), 4)
    assert float((soft - picture).abs()[:, :10].max()) == 0
    assert bool(((soft - picture).abs()[0, 18, 52] > 0).any())


def test_interpolated_latents_keep_their_lengths() -> None:
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.randn(1, 4, 3, 3, generator=generator) for _ in range(2))
    assert torch.allclose(latent_math.interpolate(a, b, 1.0), a, atol=1e-6)
    assert torch.allclose(latent_math.interpolate(a, b, 0.0), b, atol=1e-6)
    middle = latent_math.interpolate(a, b, 0.5).norm(dim=1)
    assert torch.allclose(middle, (a.norm(dim=1) + b.norm(dim=1)) / 2, atol=1e-5)
    assert not latent_math.interpolate(torch.zeros_like(a), torch.zeros_like(a), 0.3).any()
    assert latent_math.match(torch.rand(1, 4, 6, 6), torch.rand(3, 4, 8, 4)).shape == (3, 4, 8, 4)


def test_a_part_that_reaches_out_of_the_picture_is_cut_off() -> None:
    picture, part = torch.zeros(1, 8, 8, 3), torch.ones(1, 4, 4, 3)
    mask = torch.zeros(1, 8, 8)
    mask[:, :, 7] = 1
    out = regions.lay_back(picture, part, mask, (6, 6, 4, 4), 0)
    wanted = torch.zeros(8, 8)
    wanted[6:, 7] = 1
    assert torch.equal(out[0, ..., 0], wanted)
    assert not regions.lay_back(picture, part, mask, (20, 2, 4, 4), 2).any()
