"""The embedded T2I adapter draws subjects in the silhouette that it is shown."""

import torch
from torch import Tensor

from nodeflow.node.context import RunContext
from tests.nodes.test_behaviour import call


def silhouettes() -> Tensor:
    """A disc, a square and a tall ellipse, each beside the middle: `[3, 128, 128]` of 0 and 1."""
    y, x = torch.meshgrid(torch.arange(128.0), torch.arange(128.0), indexing="ij")
    disc = (x - 50) ** 2 + (y - 72) ** 2 < 38**2
    square = ((x - 78).abs() < 32) & ((y - 50).abs() < 32)
    ellipse = ((x - 44) / 24) ** 2 + ((y - 64) / 48) ** 2 < 1
    return torch.stack([disc, square, ellipse]).float()


def covered(pictures: Tensor) -> Tensor:
    """What differs clearly from the colour of the picture's border: `[n, H, W]` of 0 and 1."""
    border = torch.cat(
        [pictures[:, 0], pictures[:, -1], pictures[:, :, 0], pictures[:, :, -1]], dim=1
    )
    ground = border.median(dim=1).values[:, None, None]
    far: Tensor = (pictures - ground).square().sum(-1) > 0.25**2
    return far.float()


def overlap(one: Tensor, other: Tensor) -> Tensor:
    """Intersection over union of each pair of masks."""
    return (one * other).sum((1, 2)) / one.maximum(other).sum((1, 2))


def test_silhouettes_are_filled() -> None:
    context = RunContext()
    model, clip, vae = call("CheckpointLoaderSimple", "tiny-emoji", context)
    adapter = call("ControlNetLoader", "tiny-silhouette", context)
    shapes = silhouettes()
    hint = call("MaskToImage", shapes)
    empty = call("CLIPTextEncode", "", clip, context)
    for text in ("an orange on a blue background", "a pumpkin on a purple background"):
        prompt = call("CLIPTextEncode", text, clip, context)
        found = []
        for strength in (0.0, 1.0):
            positive, negative = call(
                "ControlNetApplyAdvanced", prompt, empty, adapter, hint, strength, 0.0, 1.0
            )
            latent = call("EmptyLatentImage", 128, 128, 3)
            sampled = call(
                "KSampler", model, positive, negative, latent, context, 5, 12, 2.0, "dpmpp_2m",
                "karras", 1.0,
            )  # fmt: skip
            pictures = call("VAEDecode", sampled, vae, context)
            found.append(overlap(covered(pictures), shapes))
        plain, steered = found
        assert float(steered.mean()) > 0.8 > 0.6 > float(plain.mean()), (plain, steered)
