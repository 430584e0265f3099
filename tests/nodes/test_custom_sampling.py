"""The open sampler through its nodes, on the embedded model."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from nodeflow.diffusion.latent import Latent
from nodeflow.diffusion.noise import Noise
from nodeflow.diffusion.samplers.choice import SamplerChoice
from nodeflow.diffusion.samplers.registry import SAMPLERS, entry_of
from nodeflow.diffusion.sampling.guided import Guided
from nodeflow.diffusion.sampling.resident import schedule_of
from nodeflow.diffusion.schedule.steps import denoise_sigmas
from nodeflow.node.context import RunContext
from nodeflow.node.plugins import load_registry
from nodeflow.node.port import Choices
from nodeflow.node.spec import REQUIRED
from nodeflow.node.trust import TrustList
from nodeflow.values.structured import decode, encode
from tests.nodes.test_behaviour import call

NODES = load_registry([], TrustList(Path("nowhere.json"))).nodes
CONTEXT = RunContext()


@pytest.fixture(scope="module")
def parts():  # type: ignore[no-untyped-def]
    """Model, two prompts and a small latent."""
    model, clip, _ = call("CheckpointLoaderSimple", "tiny-emoji", CONTEXT)
    positive = call("CLIPTextEncode", "a red apple", clip, CONTEXT)
    negative = call("CLIPTextEncode", "", clip, CONTEXT)
    return model, positive, negative, Latent(torch.zeros(1, 4, 8, 8))


@pytest.mark.parametrize("name", ["euler", "dpmpp_2m_sde", "euler_ancestral", "seeds_2"])
def test_the_open_sampler_is_ksampler(parts, name: str) -> None:  # type: ignore[no-untyped-def]
    model, positive, negative, latent = parts
    wanted = call("KSampler", model, positive, negative, latent, CONTEXT, 7, 3, 4.0, name, "karras")
    sigmas = call("BasicScheduler", model, "karras", 3)
    sampler = call("KSamplerSelect", name)
    output, denoised = call(
        "SamplerCustom", model, positive, negative, sampler, sigmas, latent, CONTEXT, True, 7, 4.0
    )
    assert torch.equal(output.samples, wanted.samples)
    assert torch.allclose(denoised.samples, output.samples, atol=1e-4)
    guider = call("CFGGuider", model, positive, negative, 4.0)
    noise = call("RandomNoise", 7)
    again, _ = call("SamplerCustomAdvanced", noise, guider, sampler, sigmas, latent, CONTEXT)
    assert torch.equal(again.samples, wanted.samples)


@pytest.mark.parametrize("name", SAMPLERS)
def test_every_sampler_draws_with_the_embedded_model(parts, name: str) -> None:  # type: ignore[no-untyped-def]
    model, positive, negative, latent = parts
    sampled = call("KSampler", model, positive, negative, latent, CONTEXT, 7, 4, 2.0, name)
    assert sampled.samples.isfinite().all() and 0.3 < float(sampled.samples.std()) < 20


def test_two_samplers_share_a_list_of_sigmas(parts) -> None:  # type: ignore[no-untyped-def]
    model, positive, _, latent = parts
    sigmas = call("BasicScheduler", model, "normal", 4)
    high, low = call("SplitSigmas", sigmas, 2)
    sampler = call("KSamplerSelect", "euler")
    guider = call("BasicGuider", model, positive)
    noise = call("RandomNoise", 3)
    whole, _ = call("SamplerCustomAdvanced", noise, guider, sampler, sigmas, latent, CONTEXT)
    half, early = call("SamplerCustomAdvanced", noise, guider, sampler, high, latent, CONTEXT)
    none = call("DisableNoise")
    rest, _ = call("SamplerCustomAdvanced", none, guider, sampler, low, half, CONTEXT)
    assert torch.allclose(rest.samples, whole.samples, atol=1e-4)
    assert not torch.allclose(early.samples, half.samples, atol=0.1)
    empty, same = call("SamplerCustomAdvanced", noise, guider, sampler, low[:1], latent, CONTEXT)
    assert empty is latent and same is latent


def test_a_scheduler_that_gives_more_steps_is_cut(parts) -> None:  # type: ignore[no-untyped-def]
    """ddim_uniform makes 8 steps of 7, all of which KSampler takes."""
    model = parts[0]
    every = denoise_sigmas(schedule_of(model), "ddim_uniform", "euler", 7, 1.0)
    assert len(every) == 9
    assert torch.equal(call("BasicScheduler", model, "ddim_uniform", 7), every[-8:])


def test_added_noise_has_the_span_of_the_list(parts) -> None:  # type: ignore[no-untyped-def]
    model, _, _, latent = parts
    noise = call("RandomNoise", 3)
    added = call("AddNoise", model, noise, torch.tensor([5.0, 2.0, 1.0]), latent)
    assert torch.allclose(added.samples, noise.like(latent) * 4 / 0.18215, rtol=1e-4)
    assert call("AddNoise", model, noise, torch.zeros(0), latent) is latent


OPTION_NODES = [id for id in NODES if id.startswith("Sampler") and "Custom" not in id]


@pytest.mark.parametrize("id", OPTION_NODES)
def test_option_nodes_name_options_that_their_samplers_take(parts, id: str) -> None:  # type: ignore[no-untyped-def]
    model = parts[0]
    spec = NODES[id]
    values = [model for port in spec.inputs if port.default is REQUIRED]
    choice = call(id, *values)
    assert decode(encode(choice)) == choice
    sampling = entry_of(choice, schedule_of(model)).sampler(
        torch.ones(1, 4, 8, 8), [2.0, 1.0, 0.0], lambda x, *_: x
    )
    assert next(sampling).sigma == 2.0


@pytest.mark.parametrize("id", OPTION_NODES)
def test_every_option_of_a_node_reaches_its_sampler(parts, id: str) -> None:  # type: ignore[no-untyped-def]
    spec = NODES[id]
    given = {port.name: parts[0] for port in spec.inputs if port.default is REQUIRED}
    plain = spec.function(**given)
    for port in spec.inputs:
        if port.name in given:
            continue
        choices = [c.values for c in port.constraints if isinstance(c, Choices)]
        if choices:
            other: object = next(value for value in choices[0] if value != port.default)
        else:
            other = not port.default if isinstance(port.default, bool) else 2
        changed = spec.function(**given, **{port.name: other})
        assert changed != plain, port.name
        if port.name == "noise_device":
            assert changed.name == plain.name.removesuffix("_gpu") != plain.name


def test_values_are_stored(parts) -> None:  # type: ignore[no-untyped-def]
    model, positive, negative, _ = parts
    for guider in (
        call("CFGGuider", model, positive, negative, 3.0),
        call("DualCFGGuider", model, positive, negative, negative, 3.0, 2.0, "nested"),
        call("PerpNegGuider", model, positive, negative, negative, 3.0, 0.5),
    ):
        back = decode(encode(guider))
        assert isinstance(back, Guided) and back.model == model
        assert type(back.guidance) is type(guider.guidance)
    assert decode(encode(Noise(3, added=False))) == Noise(3, added=False)


def test_default_options_are_the_plain_samplers(parts) -> None:  # type: ignore[no-untyped-def]
    model, positive, negative, latent = parts
    sigmas = call("BasicScheduler", model, "karras", 3)
    pairs = {"SamplerDPMPP_SDE": "dpmpp_sde_gpu", "SamplerLMS": "lms", "SamplerER_SDE": "er_sde",
             "SamplerLCMUpscale": "lcm", "SamplerDPMAdaptative": "dpm_adaptive",
             "SamplerEulerAncestral": "euler_ancestral",
    }  # fmt: skip
    for id, name in pairs.items():
        results = [
            call("SamplerCustom", model, positive, negative, s, sigmas, latent, CONTEXT)[0].samples
            for s in (call(id), SamplerChoice(name))
        ]
        assert torch.equal(*results), id
    assert replace(call("SamplerLMS"), options=()) == SamplerChoice("lms")


def test_a_latent_grows_while_it_is_sampled(parts) -> None:  # type: ignore[no-untyped-def]
    model, positive, negative, latent = parts
    sigmas = call("BasicScheduler", model, "simple", 4)
    rows, columns = latent.samples.shape[-2:]

    def sampled(ratio: float, steps: int, wanted: Latent) -> torch.Tensor:
        sampler = call("SamplerLCMUpscale", ratio, steps, "bilinear")
        made = call("SamplerCustom", model, positive, negative, sampler, sigmas, wanted, CONTEXT)
        return made[0].samples

    grown = sampled(1.5, 2, latent)
    assert grown.shape[-2:] == (round(rows * 1.5), round(columns * 1.5))
    assert torch.isfinite(grown).all() and grown.std() > 0.1
    assert torch.equal(sampled(1.5, 0, latent), sampled(1.0, -1, latent))
    pair = replace(latent, samples=latent.samples[:1].repeat(2, 1, 1, 1))
    second = replace(latent, samples=latent.samples[:1], batch_index=(1,), drawn_with=2)
    alone, company = sampled(1.5, 2, second), sampled(1.5, 2, pair)[1:]
    assert (alone - company).abs().max() < 1e-4 * company.abs().max()
    with pytest.raises(ValueError, match="a noise mask is of one size"):
        sampled(1.5, 2, replace(latent, noise_mask=torch.ones(1, rows, columns)))
