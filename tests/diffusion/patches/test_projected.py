"""Adaptive projected guidance against the paper's equations, and on the embedded model."""

import torch
from torch import Tensor

from nodeflow.diffusion.guidance.projected import ProjectedGuidance, Projection
from tests.diffusion.patches.embedded import sampled
from tests.nodes.test_behaviour import call


def pairs(count: int) -> list[tuple[Tensor, Tensor]]:
    made = torch.Generator().manual_seed(4)
    return [
        (
            torch.randn(2, 4, 3, 3, generator=made, dtype=torch.float64),
            torch.randn(2, 4, 3, 3, generator=made, dtype=torch.float64),
        )
        for _ in range(count)
    ]


def test_the_equations_image_by_image() -> None:
    eta, limit, momentum, cfg = 0.3, 2.5, -0.5, 6.0
    projection = Projection(ProjectedGuidance(eta, limit, momentum))
    running = [torch.zeros(4, 3, 3, dtype=torch.float64) for _ in range(2)]
    for step, (wanted, unwanted) in enumerate(pairs(3)):
        found = projection(wanted, unwanted, cfg, 10.0 - step)
        for image in range(2):
            running[image] = wanted[image] - unwanted[image] + momentum * running[image]
            difference = running[image] * min(1.0, limit / float(running[image].norm()))
            along = (difference * wanted[image]).sum() / wanted[image].square().sum()
            parallel = along * wanted[image]
            expected = wanted[image] + cfg * (difference - parallel + eta * parallel)
            assert torch.allclose(found[image], expected)


def test_a_higher_noise_level_begins_anew() -> None:
    (first, second), (third, fourth) = pairs(2)
    patch = ProjectedGuidance(1.0, 0.0, -0.5)
    used = Projection(patch)
    used(first, second, 4.0, 1.0)
    assert torch.equal(used(third, fourth, 4.0, 2.0), Projection(patch)(third, fourth, 4.0, 2.0))


def test_the_node() -> None:
    plain = sampled()
    assert not torch.allclose(sampled(lambda m: call("APG", m, 0.0, 2.0, -0.5)), plain, atol=1e-3)
    assert torch.equal(sampled(lambda m: call("APG", m), cfg=1.0), sampled(cfg=1.0))
