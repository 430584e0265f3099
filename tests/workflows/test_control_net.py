"""The embedded control net draws along the lines that it is shown."""

import torch
import torch.nn.functional as F
from torch import Tensor

from nodeflow.imaging.canny import canny
from nodeflow.node.context import RunContext
from tests.nodes.test_behaviour import call


def outlines() -> Tensor:
    """Edges of a disc, a square and a tall ellipse, each beside the middle: `[3, 128, 128, 3]`."""
    y, x = torch.meshgrid(torch.arange(128.0), torch.arange(128.0), indexing="ij")
    disc = (x - 54) ** 2 + (y - 70) ** 2 < 40**2
    square = ((x - 72).abs() < 34) & ((y - 56).abs() < 34)
    ellipse = ((x - 50) / 26) ** 2 + ((y - 64) / 50) ** 2 < 1
    shapes = torch.stack([disc, square, ellipse]).float()
    return canny(shapes[..., None].expand(-1, -1, -1, 3).contiguous(), 0.4, 0.8)


def followed(hint: Tensor, pictures: Tensor) -> Tensor:
    """The share of each hint's line that has an edge of its picture within 3 pixels."""
    found = canny(pictures, 0.2, 0.4)[..., 0][:, None]
    near = F.max_pool2d(found, 7, 1, 3)[:, 0]
    line = hint[..., 0]
    return (line * near).sum((1, 2)) / line.sum((1, 2))


def test_lines_are_followed() -> None:
    context = RunContext()
    model, clip, vae = call("CheckpointLoaderSimple", "tiny-emoji", context)
    control = call("ControlNetLoader", "tiny-canny", context)
    hint = outlines()
    empty = call("CLIPTextEncode", "", clip, context)
    for text in ("an orange on a blue background", "a robot on a green background"):
        prompt = call("CLIPTextEncode", text, clip, context)
        shares = []
        for strength in (0.0, 1.0):
            positive, negative = call(
                "ControlNetApplyAdvanced", prompt, empty, control, hint, strength, 0.0, 1.0
            )
            latent = call("EmptyLatentImage", 128, 128, 3)
            sampled = call(
                "KSampler", model, positive, negative, latent, context, 5, 12, 2.0, "dpmpp_2m",
                "karras", 1.0,
            )  # fmt: skip
            shares.append(followed(hint, call("VAEDecode", sampled, vae, context)))
        plain, steered_shares = shares
        assert float(steered_shares.mean()) > 0.8 > 0.6 > float(plain.mean())
