"""Fewer colours: Pillow's palettes, with error diffusion or an ordered dither."""

from typing import Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from nodeflow.imaging.files import to_bytes

Dither = Literal["none", "floyd-steinberg", "bayer-2", "bayer-4", "bayer-8", "bayer-16"]


def bayer(order: int) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
    """Bayer's threshold matrix of side `order` (a power of two), values in -0.5..0.5."""
    matrix = np.zeros((1, 1))
    while len(matrix) < order:
        matrix = np.block([[4 * matrix, 4 * matrix + 2], [4 * matrix + 3, 4 * matrix + 1]])
    scaled: np.ndarray[tuple[int, int], np.dtype[np.float64]] = (matrix + 0.5) / matrix.size - 0.5
    return scaled


def quantize(image: Tensor, colours: int, dither: Dither) -> Tensor:
    """IMAGE `[B, H, W, 3]` with at most `colours` (1 to 256) colours a picture."""
    done = []
    for item in image[..., :3]:
        picture = Image.fromarray(to_bytes(item).cpu().numpy())
        palette = picture.quantize(colors=colours, dither=Image.Dither.NONE)
        if dither == "floyd-steinberg":
            result = picture.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
        elif dither == "none":
            result = palette
        else:
            order = int(dither.removeprefix("bayer-"))
            spread = 2 * 256 / colours
            high, wide = picture.height, picture.width
            tiles = np.tile(bayer(order), (-(-high // order), -(-wide // order)))[:high, :wide]
            noisy = np.asarray(picture, dtype=np.float64) + spread * tiles[..., None]
            shifted = Image.fromarray(noisy.clip(0, 255).astype(np.uint8))
            result = shifted.quantize(palette=palette, dither=Image.Dither.NONE)
        pixels = np.asarray(result.convert("RGB"), dtype=np.float32) / 255
        done.append(torch.from_numpy(pixels))
    return torch.stack(done).to(image)
