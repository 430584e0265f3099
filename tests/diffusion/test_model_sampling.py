"""What a model predicts and at which levels: LCM, continuous time, rescaled guidance."""

import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from nodeflow.diffusion.checkpoint.continuous import of_folder
from nodeflow.diffusion.checkpoint.header import CheckpointError
from nodeflow.diffusion.checkpoint.open import open_checkpoint
from nodeflow.diffusion.guidance.rescale import RescaleCfg, rescale_of, rescaled
from nodeflow.diffusion.guidance.rows import Rows
from nodeflow.diffusion.latent_scale import LatentScale
from nodeflow.diffusion.recipe import Prediction
from nodeflow.diffusion.sampling.model import DenoisingModel
from nodeflow.diffusion.sampling.resident import schedule_of
from nodeflow.diffusion.sampling.setting import Setting, Space
from nodeflow.diffusion.sampling.trajectory import Prompts, first_x
from nodeflow.diffusion.schedule.discrete import ContinuousSchedule, FlowSchedule, stable_diffusion
from nodeflow.diffusion.schedule.schedulers import SCHEDULERS
from nodeflow.values.structured import decode, encode
from tests.diffusion.test_guiders import entry, guided
from tests.nodes.test_behaviour import call

SD = stable_diffusion()
EMBEDDED = Path(__file__).parents[2] / "nodeflow/models/checkpoints/tiny-emoji.safetensors"
MODEL = open_checkpoint(EMBEDDED, "print").model


def test_lcm_knows_50_levels() -> None:
    """Timesteps 19, 39 … 999, as the consistency model was distilled."""
    schedule = SD.distilled()
    assert torch.equal(schedule.sigmas, SD.sigmas[19::20]) and len(schedule.sigmas) == 50
    assert float(schedule.timestep(SD.sigmas[999])) == 999
    assert float(schedule.timestep(SD.sigmas[400])) == 399
    assert float(schedule.sigma(torch.tensor(39.0))) == pytest.approx(float(SD.sigmas[39]))
    assert schedule.at_percent(0.5) == pytest.approx(SD.at_percent(0.5), rel=1e-2)
    assert len(SCHEDULERS["sgm_uniform"](schedule, 4)) == 5


def test_lcm_mixes_by_its_boundary_conditions() -> None:
    x, noise = torch.randn(1, 4, 8, 8), torch.randn(1, 4, 8, 8)
    model = DenoisingModel(lambda *_: noise, Prediction.LCM, SD.distilled())
    sigma = float(SD.sigmas[499])
    (found,) = model([Rows(x, sigma, torch.zeros(1, 77, 8))])
    t = 10 * 499.0
    skip, out = 0.25 / (t**2 + 0.25), t / math.sqrt(t**2 + 0.25)
    assert torch.allclose(found, skip * x + out * (x - sigma * noise), atol=1e-5)


def test_continuous_time() -> None:
    schedule = ContinuousSchedule.between(0.002, 120.0)
    assert schedule.sigma_min == pytest.approx(0.002) and schedule.sigma_max == pytest.approx(120)
    assert float(schedule.timestep(torch.tensor(5.0))) == pytest.approx(0.25 * math.log(5))
    assert float(schedule.sigma(schedule.timestep(torch.tensor(5.0)))) == pytest.approx(5.0)
    assert schedule.at_percent(0.25) == pytest.approx(120**0.75 * 0.002**0.25, rel=1e-4)
    assert schedule.at_percent(0) == math.inf and schedule.at_percent(1) == 0
    for scheduler in SCHEDULERS.values():
        sigmas = scheduler(schedule, 8)
        assert sigmas[-1] == 0 and bool((sigmas.diff() < 0).all())


def test_nodes_change_the_recipe() -> None:
    v = call("ModelSamplingDiscrete", MODEL, "v_prediction", True)
    assert v.prediction is Prediction.V
    assert schedule_of(v).sigma_max == pytest.approx(4518.76, rel=1e-3)
    lcm = call("ModelSamplingDiscrete", MODEL, "lcm")
    assert len(schedule_of(lcm).sigmas) == 50
    edm = call("ModelSamplingContinuousEDM", MODEL)
    assert schedule_of(edm).sigma_max == pytest.approx(120.0)
    assert call("ModelSamplingDiscrete", edm) == replace(MODEL, prediction=Prediction.EPS)
    with pytest.raises(ValueError, match="between 0 and sigma_max"):
        call("ModelSamplingContinuousEDM", MODEL, "eps", 1.0, 2.0)
    softer = call("RescaleCFG", MODEL, 0.5)
    assert rescale_of(softer.patches) == 0.5 and decode(encode(softer)) == softer


def test_rescaled_guidance_has_the_deviation_of_the_prompt() -> None:
    """multiplier 1: the velocity's deviation is the positive side's, its direction the guided."""
    x, wanted, unwanted = (torch.randn(2, 4, 8, 8) for _ in range(3))
    sigma = 3.0
    both = unwanted + 7.0 * (wanted - unwanted)
    alpha, spread = 1 / math.sqrt(1 + sigma**2), sigma / math.sqrt(1 + sigma**2)

    def velocity(clean: torch.Tensor) -> torch.Tensor:
        """alpha * noise - spread * clean, of the scaled latent alpha * x."""
        return alpha * (x - clean) / sigma - spread * clean

    found = velocity(rescaled(x, sigma, wanted, both, 1.0))
    dims = (1, 2, 3)
    assert torch.allclose(found.std(dims), velocity(wanted).std(dims), rtol=1e-3)
    ratio = found / velocity(both)
    assert torch.allclose(ratio, ratio[:, :1, :1, :1].expand_as(ratio), rtol=1e-2)
    half = rescaled(x, sigma, wanted, both, 0.5)
    assert torch.allclose(half, (rescaled(x, sigma, wanted, both, 1.0) + both) / 2, atol=1e-4)
    assert torch.allclose(rescaled(x, sigma, wanted, both, 0.0), both, atol=1e-4)


def test_guidance_finds_the_patch() -> None:
    x = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    prompts = Prompts(entry(3.0), entry(1.0), 5.0)
    plain, _ = guided(prompts, x)
    space = Space(SD, LatentScale(0.18215), patches=(RescaleCfg(0.7),))
    rescaling = prompts.guider(Setting(space, x, None, 0))
    a, n = 9 * x.roll(1, 3), x.roll(1, 3)
    found, _ = guided(prompts, x, guider=rescaling)
    assert torch.allclose(found, rescaled(x, 5.0, a, n + 5.0 * (a - n), 0.7), atol=1e-4)
    assert not torch.allclose(found, plain, atol=1e-2)


def test_continuous_velocity_is_told_the_angle() -> None:
    model = call("ModelSamplingContinuousV", MODEL)
    schedule = schedule_of(model)
    assert model.prediction is Prediction.V and schedule.sigma_max == pytest.approx(500.0)
    assert float(schedule.timestep(torch.tensor(1.0))) == pytest.approx(0.5)
    assert float(schedule.sigma(torch.tensor(0.5))) == pytest.approx(1.0, rel=1e-5)
    with pytest.raises(ValueError, match="between 0 and sigma_max"):
        call("ModelSamplingContinuousV", MODEL, "v_prediction", 0.1, 0.2)


@pytest.mark.parametrize("sigma", [0.002, 0.5, 7.0, 80.0])
def test_edm_is_preconditioned_as_in_diffusers(sigma: float) -> None:
    from diffusers import EDMEulerScheduler

    theirs = EDMEulerScheduler()
    x, out = torch.randn(1, 4, 8, 8), torch.randn(1, 4, 8, 8)
    seen: list[torch.Tensor] = []

    def unet(given: torch.Tensor, times: torch.Tensor, *_: object) -> torch.Tensor:
        seen.extend([given, times])
        return out

    model = DenoisingModel(unet, Prediction.EDM, ContinuousSchedule.between(0.002, 80.0))
    (found,) = model([Rows(x, sigma, torch.zeros(1, 77, 8))])
    assert torch.allclose(seen[0], theirs.precondition_inputs(x, sigma), rtol=1e-5, atol=1e-7)
    assert torch.allclose(seen[1], theirs.precondition_noise(sigma), rtol=1e-5)
    expected = theirs.precondition_outputs(x, out, sigma)
    assert torch.allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_a_flow_is_stepped_as_in_diffusers() -> None:
    """Euler at our noise levels is Euler on the flow's mixture, at t = sigma / (sigma + 1)."""
    from diffusers import FlowMatchEulerDiscreteScheduler

    recipe = call("ModelSamplingContinuousEDM", MODEL, "cosmos_rflow", 80.0, 0.002)
    schedule = schedule_of(recipe)
    sigmas = [*SCHEDULERS["karras"](schedule, 6).tolist()]
    seen: list[tuple[torch.Tensor, float]] = []

    def unet(given: torch.Tensor, times: torch.Tensor, *_: object) -> torch.Tensor:
        seen.append((given, float(times[0])))
        return torch.sin(3 * given) + times[0]

    model = DenoisingModel(unet, recipe.prediction, schedule)
    noise = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    x = first_x(noise, torch.zeros_like(noise), sigmas[0], schedule)
    theirs = FlowMatchEulerDiscreteScheduler()
    theirs.set_timesteps(sigmas=[sigma / (sigma + 1) for sigma in sigmas[:-1]])
    mixture = theirs.scale_noise(torch.zeros_like(noise), theirs.timesteps[:1], noise)
    for (here, there), time in zip(pairwise(sigmas), theirs.timesteps, strict=True):
        (denoised,) = model([Rows(x, here, torch.zeros(1, 77, 8))])
        given, told = seen[-1]
        assert torch.allclose(given, mixture, rtol=1e-4, atol=1e-5)
        assert told == pytest.approx(float(time) / 1000, rel=1e-5)
        mixture = theirs.step(unet(mixture, torch.tensor([told])), time, mixture).prev_sample
        x = x + (x - denoised) / here * (there - here)
    assert torch.allclose(x, mixture, rtol=1e-4, atol=1e-5)


def test_a_flows_time_goes_back_to_its_level() -> None:
    schedule = FlowSchedule.between(0.002, 80.0)
    sigmas = torch.tensor([0.0, 0.002, 1.0, 20.0, 80.0])
    assert torch.allclose(schedule.sigma(schedule.timestep(sigmas)), sigmas, rtol=1e-4)
    assert float(schedule.sigma(torch.tensor(1.0))) == pytest.approx(80.0)
    for scheduler in SCHEDULERS.values():
        levels = scheduler(schedule, 8)
        assert levels[-1] == 0 and bool((levels.diff() < 0).all())


def test_an_img_to_img_model_gets_the_latent_as_it_is() -> None:
    model = DenoisingModel(lambda x, *_: x + 1, Prediction.IMG_TO_IMG, SD)
    x = torch.randn(1, 4, 8, 8)
    assert torch.equal(model([Rows(x, 9.0, torch.zeros(1, 77, 8))])[0], x + 1)


MEAN, STD = [-1.6574, 1.886, -1.383, 2.5155], [8.4927, 5.9022, 6.5498, 5.2299]


def with_marks(folder: Path, **marks: torch.Tensor) -> Path:
    """The embedded checkpoint with further tensors."""
    path = folder / "marked.safetensors"
    named = {name.replace("__", "."): value for name, value in marks.items()}
    with safe_open(EMBEDDED, "pt") as file:
        save_file({**load_file(EMBEDDED), **named}, path, file.metadata())
    return path


def test_playground_is_told_by_its_marks(tmp_path: Path) -> None:
    marks = {"edm_mean": torch.tensor(MEAN), "edm_std": torch.tensor(STD)}
    model = open_checkpoint(with_marks(tmp_path, **marks), "print").model
    assert model.prediction is Prediction.EDM and model.sigma_range == (0.002, 80.0)
    latent = torch.randn(2, 4, 8, 8)
    expected = (
        (latent - torch.tensor(MEAN).view(1, 4, 1, 1)) * 0.5 / torch.tensor(STD).view(1, 4, 1, 1)
    )
    scaled = model.scale.scaled(latent)
    assert torch.allclose(scaled, expected, atol=1e-6)
    assert torch.allclose(model.scale.unscaled(scaled), latent, atol=1e-5)
    assert not model.scale.scaled(torch.zeros(1, 4, 8, 8)).any()
    step = model.scale.unscaled(scaled + 1) - latent
    assert torch.allclose(model.scale.difference(torch.ones(1, 4, 8, 8)), step[:1], atol=1e-4)
    by_node = call("ModelSamplingContinuousEDM", MODEL, "edm_playground_v2.5", 80.0, 0.002)
    assert schedule_of(by_node) is schedule_of(model)
    assert by_node.scale.mean == pytest.approx(model.scale.mean)
    assert decode(encode(model)) == model
    with pytest.raises(CheckpointError, match="four numbers"):
        wrong = {"edm_mean": torch.zeros(4), "edm_std": torch.zeros(4)}
        open_checkpoint(with_marks(tmp_path, **wrong), "print")


def test_cosxl_says_its_noise_levels(tmp_path: Path) -> None:
    ends = {"edm_vpred__sigma_max": torch.tensor(120.0), "edm_vpred__sigma_min": torch.tensor(0.5)}
    model = open_checkpoint(with_marks(tmp_path, **ends), "print").model
    assert model.prediction is Prediction.V and model.sigma_range == (0.5, 120.0)
    with pytest.raises(CheckpointError, match="noise levels"):
        open_checkpoint(with_marks(tmp_path, edm_vpred__sigma_max=torch.tensor(-1.0)), "print")


def test_a_folder_says_that_it_is_of_edms_kind() -> None:
    scheduler = {"_class_name": "EDMDPMSolverMultistepScheduler", "sigma_max": 80.0}
    vae = {"latents_mean": MEAN, "latents_std": STD}
    model = of_folder(replace(MODEL, scale_factor=0.5), scheduler, vae)
    assert model.prediction is Prediction.EDM and model.scale.mean == tuple(MEAN)
    velocity = of_folder(MODEL, {**scheduler, "prediction_type": "v_prediction"}, {})
    assert velocity.prediction is Prediction.V and velocity.sigma_range == (0.002, 80.0)
    assert of_folder(MODEL, {"_class_name": "EulerDiscreteScheduler"}, vae) == MODEL
