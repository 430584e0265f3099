"""The embedded upscaler restores more than resizing does, of subjects that it never saw.

`held_out.png`: six of Microsoft's Fluent emoji (MIT) on coloured grounds, none of them among those
that the upscaler was trained on.
"""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from nodeflow.node.context import RunContext
from tests.nodes.test_behaviour import call

SIDE = 128
SHEET = Path(__file__).parent / "held_out.png"


def held_out() -> Tensor:
    """Pictures `[6, 128, 128, 3]` in 0..1."""
    with Image.open(SHEET) as sheet:
        pixels = torch.from_numpy(np.array(sheet.convert("RGB"))).float() / 255
    return torch.stack(pixels.split(SIDE, dim=1))  # type: ignore[no-untyped-call]


def smaller(pictures: Tensor, by: int) -> Tensor:
    """Pictures made smaller by Pillow's bicubic filter."""
    made = []
    for picture in (255 * pictures).byte().numpy():
        small = Image.fromarray(picture).resize((SIDE // by,) * 2, Image.Resampling.BICUBIC)
        made.append(torch.from_numpy(np.array(small)).float() / 255)
    return torch.stack(made)


def psnr(pictures: Tensor, wanted: Tensor) -> Tensor:
    """Of each picture, in dB."""
    return -10 * ((pictures - wanted) ** 2).mean((1, 2, 3)).log10()


@pytest.mark.parametrize("method", ["bicubic", "lanczos"])
def test_more_is_restored_than_by_resizing(method: str) -> None:
    context = RunContext()
    wanted = held_out()
    upscaler = call("UpscaleModelLoader", "tiny-upscale-4x", context)
    small = smaller(wanted, 4)
    enlarged = call("ImageUpscaleWithModel", upscaler, small, context)
    resized = call("ImageScaleBy", small, method, 4.0)
    gain = psnr(enlarged, wanted) - psnr(resized, wanted)
    assert float(gain.min()) > 1 and float(gain.mean()) > 3
