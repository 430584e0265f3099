"""Every noisy sampler against its paper in float64; deterministic ones against diffusers."""

import math
from pathlib import Path

import pytest
import torch
from diffusers import (
    KDPM2DiscreteScheduler,
    LMSDiscreteScheduler,
    UniPCMultistepScheduler,
)
from torch import Tensor

from nodeflow.diffusion.checkpoint.open import open_checkpoint
from nodeflow.diffusion.guidance.rows import Rows
from nodeflow.diffusion.residency import Residency
from nodeflow.diffusion.samplers.registry import SAMPLERS
from nodeflow.diffusion.sampling.driver import drive
from nodeflow.diffusion.sampling.model import DenoisingModel
from nodeflow.diffusion.schedule.discrete import stable_diffusion
from nodeflow.diffusion.schedule.schedulers import SCHEDULERS
from nodeflow.diffusion.text.encode import encode_prompt
from tests.diffusion.closeness import relative_l2
from tests.diffusion.reference_samplers import REFERENCES, Draw, Model

SD = stable_diffusion()
EMBEDDED = Path(__file__).parents[2] / "nodeflow/models/checkpoints/tiny-emoji.safetensors"


def mixture(x: Tensor, sigma: float) -> Tensor:
    """The exact denoiser of a mixture of two normals at -1 and 2, deviation 0.3."""
    variance = 0.3**2 + sigma**2
    centres = torch.tensor([-1.0, 2.0], dtype=x.dtype)
    weights = torch.softmax(-((x[..., None] - centres) ** 2) / (2 * variance), dim=-1)
    means = (x[..., None] * 0.3**2 + centres * sigma**2) / variance
    return (weights * means).sum(-1)


def stream(shape: torch.Size, seed: int) -> Draw:
    """Draws in order, always the same."""
    generator = torch.Generator().manual_seed(seed)
    return lambda: torch.randn(shape, generator=generator)


def ours(name: str, model: Model, x: Tensor, sigmas: list[float]) -> Tensor:
    """A sampler of the package driven by hand."""
    draw = stream(x.shape, 5)
    sampling = SAMPLERS[name].sampler(x, sigmas, lambda x, *_: draw().to(x.dtype))  # type: ignore[index]
    call = next(sampling)
    try:
        while True:
            call = sampling.send(model(call.x, call.sigma))
    except StopIteration as end:
        result: Tensor = end.value
        return result


@pytest.mark.parametrize("name", REFERENCES)
@pytest.mark.parametrize("scheduler", ["karras", "normal"])
def test_noisy_samplers_on_a_mixture(name: str, scheduler: str) -> None:
    sigmas = SCHEDULERS[scheduler](SD, 14).tolist()  # type: ignore[index]
    x = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(1)) * SD.sigma_max
    draw = stream(x.shape, 5)
    wanted = REFERENCES[name](mixture, x.double(), sigmas, lambda: draw().double())
    assert relative_l2(ours(name, mixture, x, sigmas), wanted) < 1e-3
    doubled = stream(x.shape, 5)
    exact = REFERENCES[name](mixture, x.double(), sigmas, lambda: doubled().double())
    assert relative_l2(ours(name, mixture, x.double(), sigmas), exact) < 1e-9


def embedded() -> Model:
    """The embedded model on one prompt, without guidance."""
    opened = open_checkpoint(EMBEDDED, "print")
    residency = Residency()
    (entry,) = encode_prompt(residency.text_encoders(opened.clip), "a rocket on a blue background")
    model = DenoisingModel(residency.unet(opened.model), opened.model.prediction, SD)

    def denoise(x: Tensor, sigma: float) -> Tensor:
        with torch.no_grad():
            return model([Rows(x.float(), sigma, entry.embedding)])[0].to(x.dtype)

    return denoise


def test_noisy_samplers_on_the_embedded_model() -> None:
    model = embedded()
    sigmas = SCHEDULERS["karras"](SD, 6).tolist()
    x = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(1)) * SD.sigma_max
    for name, reference in REFERENCES.items():
        draw = stream(x.shape, 5)
        wanted = reference(model, x.double(), sigmas, lambda d=draw: d().double())  # type: ignore[misc]
        assert relative_l2(ours(name, model, x, sigmas), wanted) < 1e-3, name


@pytest.mark.parametrize(
    ("name", "scheduler"), [("lms", LMSDiscreteScheduler), ("dpm_2", KDPM2DiscreteScheduler)]
)
def test_against_diffusers(name: str, scheduler: type) -> None:
    theirs = scheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", use_karras_sigmas=True
    )
    theirs.set_timesteps(10)
    sigmas = SCHEDULERS["karras"](SD, 10).tolist()
    start = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1)) * SD.sigma_max
    x = start.clone()
    for t in theirs.timesteps:
        x_in = theirs.scale_model_input(x, t)
        scale = float((x / x_in).median())
        sigma = math.sqrt(scale**2 - 1)
        x = theirs.step((x - mixture(x, sigma)) / sigma, t, x).prev_sample
    found = drive(mixture, start, sigmas, name, 0, lambda *_: None)  # type: ignore[arg-type]
    assert relative_l2(found, x) < 2e-2


@pytest.mark.parametrize(("name", "kind"), [("uni_pc", "bh1"), ("uni_pc_bh2", "bh2")])
def test_unipc_against_diffusers(name: str, kind: str) -> None:
    theirs = UniPCMultistepScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", solver_type=kind,
        solver_order=3, use_karras_sigmas=True, prediction_type="sample", lower_order_final=True,
        final_sigmas_type="sigma_min",
    )  # fmt: skip
    theirs.set_timesteps(12)
    levels = theirs.sigmas.double().tolist()
    start = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1)) * levels[0]
    x = start / math.sqrt(levels[0] ** 2 + 1)
    for i, t in enumerate(theirs.timesteps[:-1]):
        clean = mixture(x * math.sqrt(levels[i] ** 2 + 1), levels[i])
        x = theirs.step(clean, t, x).prev_sample
    sigmas = levels[:12]
    found = drive(mixture, start, sigmas, name, 0, lambda *_: None)  # type: ignore[arg-type]
    assert relative_l2(found, x * math.sqrt(sigmas[-1] ** 2 + 1)) < 5e-2
