"""Noise: one stream for a batch, steps that repeat with the seed, torchsde's tree."""

import math

import torch

from nodeflow.diffusion.noise import ancestral_noise, brownian_noise, initial_noise
from nodeflow.diffusion.schedule.schedulers import SCHEDULERS
from tests.diffusion.exact import SD


def test_initial_noise_is_one_stream() -> None:
    batch = initial_noise((3, 4, 8, 8), 7)
    wanted = torch.randn((3, 4, 8, 8), generator=torch.Generator().manual_seed(7))
    assert torch.equal(batch, wanted)
    assert torch.equal(initial_noise((1, 4, 8, 8), 7, (2,)), batch[2:])
    assert torch.equal(initial_noise((2, 4, 8, 8), 7, (2, 0)), batch[[2, 0]])


def test_step_noise_repeats_with_the_seed() -> None:
    x = torch.zeros(1, 4, 8, 8)
    first, second = ancestral_noise(3, x.device), ancestral_noise(3, x.device)
    assert torch.equal(first(x, 2, 1), second(x, 2, 1))
    assert not torch.equal(first(x, 1, 0.5), first(x, 1, 0.5))
    sigmas = SCHEDULERS["karras"](SD, 10)
    a, b = brownian_noise(x, 3, sigmas), brownian_noise(x, 3, sigmas)
    assert torch.equal(a(x, 5.0, 2.0), b(x, 5.0, 2.0))
    whole = a(x, 5.0, 1.0) * 2.0
    parts = b(x, 5.0, 2.0) * math.sqrt(3) + b(x, 2.0, 1.0)
    assert torch.allclose(whole, parts, atol=1e-4)


def test_brownian_noise_is_that_of_torchsdes_tree() -> None:
    """Over the schedule's sigmas above 0, its entropy the seed; the sign is the direction's."""
    import torchsde

    sigmas = SCHEDULERS["karras"](SD, 10)
    x = torch.zeros(1, 4, 8, 8)
    low, high = sigmas[-2], sigmas[0]
    tree = torchsde.BrownianTree(low, torch.zeros_like(x), high, entropy=7)
    draw = brownian_noise(x, 7, sigmas)
    for now, after in ((9.0, 4.0), (4.0, 9.0), (float(high), 1.5)):
        between = tree(min(now, after), max(now, after)) / math.sqrt(abs(now - after))
        assert torch.allclose(draw(x, now, after), between if now < after else -between, atol=1e-5)
