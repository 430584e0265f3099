"""Whole samplings: predictions, reports, scales, masks, where they start."""

import math
from dataclasses import replace

import torch

from nodeflow.diffusion.guidance.rows import Rows
from nodeflow.diffusion.latent import Latent
from nodeflow.diffusion.latent_scale import LatentScale
from nodeflow.diffusion.noise import Noise
from nodeflow.diffusion.recipe import Prediction
from nodeflow.diffusion.samplers.registry import SAMPLERS
from nodeflow.diffusion.sampling.driver import OnStep
from nodeflow.diffusion.sampling.evaluate import evaluate
from nodeflow.diffusion.sampling.model import DenoisingModel
from nodeflow.diffusion.sampling.setting import Space
from nodeflow.diffusion.sampling.trajectory import Prompts, Trajectory, answered, first_x, travel
from nodeflow.diffusion.schedule.discrete import (
    ContinuousSchedule,
    FlowSchedule,
)
from nodeflow.diffusion.schedule.steps import denoise_sigmas
from tests.diffusion.exact import SD, silent
from tests.diffusion.told_apart import denoiser, entry


def test_predictions_agree() -> None:
    x, sigma = torch.randn(1, 4, 8, 8), 3.0
    clean = torch.randn(1, 4, 8, 8)
    noise = (x - clean) / sigma
    alpha = 1 / math.sqrt(1 + sigma**2)
    velocity = alpha * noise - alpha * sigma * clean
    for kind, out in ((Prediction.EPS, noise), (Prediction.V, velocity), (Prediction.X0, clean)):
        model = DenoisingModel(lambda *_, out=out: out, kind, SD)
        (found,) = model([Rows(x, sigma, torch.zeros(1, 1, 1))])
        assert torch.allclose(found, clean, atol=1e-5)


def trajectory(latent: Latent, **changes: object) -> Trajectory:
    """A sampling with plain settings."""
    sigmas = tuple(denoise_sigmas(SD, "normal", "euler", 6, 1.0).tolist())
    prompts = Prompts((entry(0.5),), (entry(0.0),), 1.0)
    made = Trajectory(latent, Noise(1), prompts, SAMPLERS["euler"], sigmas)
    return replace(made, **changes)  # type: ignore[arg-type]


def sampled(made: Trajectory, scale: float = 0.18215, on_step: OnStep = silent) -> Latent:
    """Its latent, with the model that denoises to the context's value."""
    _, model = denoiser()
    return answered(
        travel(made, Space(SD, LatentScale(scale)), on_step), lambda wish: evaluate(model, wish)
    )


def test_sampling_reports_every_step_and_scales() -> None:
    steps: list[tuple[int, int]] = []
    out = sampled(
        trajectory(Latent(torch.zeros(2, 4, 8, 8))),
        on_step=lambda done, total, x0: steps.append((done, total)),
    )
    assert steps == [(i, 6) for i in range(1, 7)]
    assert torch.allclose(out.samples, torch.full_like(out.samples, 0.5 / 0.18215), atol=1e-4)


def test_the_mask_keeps_the_latent_outside() -> None:
    mask = torch.zeros(1, 1, 64, 64)
    mask[..., 32:] = 1
    latent = Latent(torch.randn(1, 4, 8, 8), noise_mask=mask)
    out = sampled(trajectory(latent)).samples
    assert torch.allclose(out[..., :3], latent.samples[..., :3], atol=1e-5)
    assert torch.allclose(out[..., 5:], torch.full_like(out[..., 5:], 0.5 / 0.18215), atol=1e-3)


def test_no_steps_change_nothing() -> None:
    latent = Latent(torch.randn(1, 4, 8, 8))
    assert sampled(trajectory(latent, sigmas=()), 1.0) is latent


def test_first_x() -> None:
    """Variance-preserving at the highest sigma (1e-5 relative), added below."""
    noise, latent = torch.randn(1, 4, 8, 8), torch.randn(1, 4, 8, 8)
    schedule = ContinuousSchedule.between(0.1, 10.0)
    for sigma, factor in ((10.0, math.sqrt(101)), (9.99995, math.sqrt(1 + 9.99995**2)), (9.9, 9.9)):
        assert torch.allclose(first_x(noise, latent, sigma, schedule), noise * factor + latent)
    flow = FlowSchedule.between(0.1, 10.0)
    assert torch.allclose(first_x(noise, latent, 10.0, flow), noise * 10 + latent)
