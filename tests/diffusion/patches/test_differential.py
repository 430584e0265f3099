"""Differential diffusion, by its thresholds and on the embedded model."""

import torch
from torch import Tensor

from nodeflow.diffusion.latent import Latent
from nodeflow.diffusion.sampling.differential import DifferentialDiffusion, StepMask
from nodeflow.diffusion.schedule.discrete import stable_diffusion
from nodeflow.node.context import RunContext
from nodeflow.values.structured import decode, encode
from tests.nodes.test_behaviour import call

SD = stable_diffusion()
GREY = torch.linspace(0, 1, 8).expand(1, 1, 8, 8)


def test_the_threshold_falls_with_the_timesteps() -> None:
    sigmas = SD.sigmas
    mask = StepMask(DifferentialDiffusion(), GREY, SD, float(sigmas[800]), 0.0)
    for step in (800, 600, 250, 10):
        assert torch.equal(mask(float(sigmas[step])), (step / 800 <= GREY).float())
    assert torch.equal(mask(0.0), (GREY > 0).float())
    half = StepMask(DifferentialDiffusion(0.5), GREY, SD, float(sigmas[800]), 0.0)
    assert torch.allclose(half(float(sigmas[600])), (GREY + (GREY >= 0.75).float()) / 2)


def test_the_node_changes_the_picture_and_keeps_what_is_black() -> None:
    context = RunContext()
    model, clip, _ = call("CheckpointLoaderSimple", "tiny-emoji", context)
    positive = call("CLIPTextEncode", "a red apple", clip, context)
    negative = call("CLIPTextEncode", "", clip, context)
    latent = Latent(torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(2)), GREY)

    def sampled(strength: float | None) -> Tensor:
        used = model if strength is None else call("DifferentialDiffusion", model, strength)
        assert decode(encode(used)) == used
        made: Latent = call("KSampler", used, positive, negative, latent, context, 7, 4, 4.0)
        return made.samples

    plain = sampled(None)
    assert torch.equal(sampled(0.0), plain)
    changed = sampled(1.0)
    assert not torch.allclose(changed, plain, atol=1e-2)
    assert torch.allclose(changed[..., 0], latent.samples[..., 0], atol=1e-4)
