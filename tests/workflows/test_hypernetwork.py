"""Under the embedded hypernetwork pictures are brown prints, whatever colours are asked for."""

import torch
from torch import Tensor

from nodeflow.node.context import RunContext
from tests.nodes.test_behaviour import call

PROMPTS = (
    "a strawberry on a blue background",
    "a cactus on a yellow background",
    "a robot on a green background",
)


def drawn(strength: float) -> Tensor:
    """One picture for each prompt, `[3, 128, 128, 3]`."""
    context = RunContext()
    model, clip, vae = call("CheckpointLoaderSimple", "tiny-emoji", context)
    aged = call("HypernetworkLoader", model, "tiny-old-photograph", context, strength)
    prompt = call("CLIPTextEncodeBatch", "\n".join(PROMPTS), clip, context)
    empty = call("CLIPTextEncode", "", clip, context)
    latent = call("EmptyLatentImage", 128, 128, 3)
    sampled = call(
        "KSampler", aged, prompt, empty, latent, context, 5, 12, 3.0, "dpmpp_2m", "karras", 1.0
    )
    pictures: Tensor = call("VAEDecode", sampled, vae, context)
    return pictures


def brown(pictures: Tensor) -> Tensor:
    """The share of each picture whose colour is a brown's: red over green over blue, not vivid."""
    red, green, blue = pictures.unbind(-1)
    ordered = (red > green - 0.02) & (green > blue - 0.02)
    return (ordered & (red - blue < 0.35)).float().mean((1, 2))


def vividness(pictures: Tensor) -> Tensor:
    """The mean distance of each picture's highest and lowest channel."""
    return (pictures.amax(-1) - pictures.amin(-1)).mean((1, 2))


def test_pictures_become_brown_and_faded() -> None:
    plain, aged = drawn(0.0), drawn(1.0)
    assert float(brown(aged).min()) > 0.55 > 0.2 > float(brown(plain).max())
    assert bool((vividness(aged) < 0.6 * vividness(plain)).all())


def test_what_is_shown_stays() -> None:
    plain, aged = (picture.mean(-1).flatten(1) for picture in (drawn(0.0), drawn(1.0)))
    alike = torch.corrcoef(torch.cat([plain, aged]))[:3, 3:]
    assert bool((alike.diagonal() > 0.5).all())
