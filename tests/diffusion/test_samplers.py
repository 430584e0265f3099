"""Samplers: exact solutions, float64 and diffusers as references."""

import math
from itertools import pairwise

import pytest
import torch
from diffusers import DPMSolverMultistepScheduler, EulerDiscreteScheduler, HeunDiscreteScheduler
from torch import Tensor

from nodeflow.diffusion.samplers.registry import SAMPLERS
from nodeflow.diffusion.sampling.driver import drive
from nodeflow.diffusion.schedule.schedulers import SCHEDULERS, karras_sigmas
from tests.diffusion.closeness import relative_l2
from tests.diffusion.exact import MEAN, SD, SPREAD, exact, gaussian, silent

DETERMINISTIC = {
    "euler": 1, "ddim": 1, "heun": 2, "dpm_2": 2, "dpmpp_2m": 2, "lms": 2, "uni_pc": 2,
    "uni_pc_bh2": 2, "dpm_fast": 2, "ipndm_v": 2, "deis": 2, "res_multistep": 2, "euler_cfg_pp": 1,
    "dpmpp_2m_cfg_pp": 2, "heunpp2": 1, "gradient_estimation": 1,
}  # fmt: skip


@pytest.mark.parametrize("name", DETERMINISTIC)
def test_error_falls_with_the_order(name: str) -> None:
    start, end = 10.0, 0.1
    x = torch.randn(1, 4, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    x = x * start + MEAN
    errors = []
    for steps in (40, 80):
        sigmas = torch.logspace(math.log10(start), math.log10(end), steps + 1, dtype=torch.float64)
        out = drive(gaussian, x, sigmas.tolist(), name, 0, silent)  # type: ignore[arg-type]
        errors.append(float((out - exact(x, start, end)).abs().mean()))
    assert errors[1] < errors[0] / 2 ** (DETERMINISTIC[name] - 0.25)


@pytest.mark.parametrize("name", [n for n, entry in SAMPLERS.items() if entry.noise != "none"])
def test_noisy_samplers_reach_the_distribution(name: str) -> None:
    x = torch.randn(8, 4, 32, 32, generator=torch.Generator().manual_seed(1)) * SD.sigma_max
    sigmas = SCHEDULERS["karras"](SD, 60).tolist()
    out = drive(gaussian, x, sigmas, name, 3, silent)  # type: ignore[arg-type]
    # lcm is not meant to keep the spread; 2S with CFG++ mixes two evaluations in its start.
    spread = {"lcm": 0.35, "dpmpp_2s_ancestral_cfg_pp": 0.41}.get(name, SPREAD)
    assert abs(float(out.mean()) - MEAN) < 0.05
    assert abs(float(out.std()) - spread) < 0.06


def ancestral_reference(x: Tensor, sigmas: list[float], seed: int) -> Tensor:
    """Euler ancestral in float64, from k-diffusion's published formulas."""
    generator = torch.Generator().manual_seed(seed)
    x = x.double()
    for s, n in pairwise(sigmas):
        d = (x - gaussian(x, s)) / s
        if n == 0:
            return gaussian(x, s)
        up = min(n, math.sqrt(n**2 * (s**2 - n**2) / s**2))
        down = math.sqrt(n**2 - up**2)
        x = x + d * (down - s) + torch.randn(x.shape, generator=generator).double() * up
    return x


def test_euler_ancestral_against_float64() -> None:
    x = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1)) * SD.sigma_max
    sigmas = SCHEDULERS["normal"](SD, 12).tolist()
    ours = drive(gaussian, x, sigmas, "euler_ancestral", 9, silent)
    assert relative_l2(ours, ancestral_reference(x, sigmas, 9)) < 1e-5


@pytest.mark.parametrize(
    ("name", "scheduler"),
    [
        ("euler", EulerDiscreteScheduler),
        ("heun", HeunDiscreteScheduler),
        ("dpmpp_2m", DPMSolverMultistepScheduler),
    ],
)
def test_against_diffusers(name: str, scheduler: type) -> None:
    extra = {"use_karras_sigmas": True}
    if scheduler is DPMSolverMultistepScheduler:
        extra |= {"final_sigmas_type": "zero", "lower_order_final": True}
    theirs = scheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", **extra)
    theirs.set_timesteps(12)
    sigmas = karras_sigmas(12, SD.sigma_min, SD.sigma_max)
    start = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1)) * SD.sigma_max
    vp = scheduler is DPMSolverMultistepScheduler
    levels = theirs.sigmas.double()
    x = start / math.sqrt(float(levels[0]) ** 2 + 1) if vp else start.clone()
    for index, t in enumerate(theirs.timesteps):
        sigma = float(levels[index])
        ve = x * math.sqrt(sigma**2 + 1) if vp else x
        noise = (ve - gaussian(ve, sigma)) / sigma
        x = theirs.step(noise.float(), t, x).prev_sample
    ours = drive(gaussian, start, [float(s) for s in sigmas], name, 0, silent)  # type: ignore[arg-type]
    assert relative_l2(ours, x) < 1e-3
