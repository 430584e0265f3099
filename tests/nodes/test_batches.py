"""Image i of n alone is image i of n: noise, prompts, and bit for bit in blocks."""

import pytest
import torch
from torch import Tensor

from nodeflow.diffusion.latent import Latent
from nodeflow.diffusion.noise import Noise, written_seeds
from nodeflow.diffusion.samplers.registry import SAMPLERS
from nodeflow.diffusion.sampling.batching import BatchingSampler
from nodeflow.diffusion.sampling.evaluate import Company
from nodeflow.node.context import RunContext
from tests.nodes.test_behaviour import call

NOISY = [name for name, entry in SAMPLERS.items() if entry.noise != "none"]


def context(company: Company) -> RunContext:
    made = RunContext()
    made.resources.get(BatchingSampler, lambda: BatchingSampler(company))
    return made


@pytest.fixture(scope="module")
def prompts():  # type: ignore[no-untyped-def]
    """Model and two prompts."""
    plain = RunContext()
    model, clip, _ = call("CheckpointLoaderSimple", "tiny-emoji", plain)
    return (
        model,
        call("CLIPTextEncode", "a red apple", clip, plain),
        call("CLIPTextEncode", "", clip, plain),
    )


def sampled(prompts, latent: Latent, name: str, host: RunContext, seed: int = 3) -> Tensor:  # type: ignore[no-untyped-def]
    values = (seed, 3, 3.0, name, "karras")
    found: Tensor = call("KSampler", *prompts, latent, host, *values).samples
    return found


BATCH = Latent(torch.zeros(3, 4, 8, 8))


QUICK = ("euler", "euler_ancestral", "dpmpp_2m_sde", "uni_pc", "sa_solver")
INDEPENDENT = [name for name in SAMPLERS if name != "dpm_adaptive"]
"""Samplers whose steps know nothing of the other images."""


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=() if n in QUICK else pytest.mark.heavy) for n in INDEPENDENT],
)
def test_bit_for_bit_in_blocks(prompts, name: str) -> None:  # type: ignore[no-untyped-def]
    together = sampled(prompts, BATCH, name, context(Company.BLOCKS))
    for number in (0, 2):
        picked = call("LatentFromBatch", BATCH, number, 1)
        alone = sampled(prompts, picked, name, context(Company.BLOCKS))
        assert torch.equal(alone[0], together[number]), number


@pytest.mark.parametrize("name", NOISY)
def test_the_fast_mode_differs_in_the_last_bits_only(prompts, name: str) -> None:  # type: ignore[no-untyped-def]
    together = sampled(prompts, BATCH, name, context(Company.OWN))
    picked = call("LatentFromBatch", BATCH, 1, 2)
    pair = sampled(prompts, picked, name, context(Company.OWN))
    assert float((pair - together[1:]).norm() / together[1:].norm()) < 1e-3
    alone = sampled(prompts, call("LatentFromBatch", picked, 1, 1), name, context(Company.OWN))
    assert float((alone - together[2:]).norm() / together[2:].norm()) < 1e-3


@pytest.mark.parametrize("name", ["euler", "euler_ancestral", "dpmpp_sde"])
def test_a_seed_for_each_image(prompts, name: str) -> None:  # type: ignore[no-untyped-def]
    seeded = call("SetLatentBatchSeeds", BATCH, "11, 5")
    assert seeded.seeds == (11, 5, 6)
    found = sampled(prompts, seeded, name, context(Company.BLOCKS))
    one = Latent(torch.zeros(1, 4, 8, 8))
    for number, seed in enumerate(seeded.seeds):
        alone = sampled(prompts, one, name, context(Company.BLOCKS), seed)
        assert torch.equal(found[number], alone[0])
    last = call("LatentFromBatch", seeded, 2, 1)
    assert torch.equal(sampled(prompts, last, name, context(Company.BLOCKS))[0], found[2])


def test_noise_of_picked_images() -> None:
    picked = call("LatentFromBatch", BATCH, 1, 2)
    assert (picked.batch_index, picked.drawn_with) == ((1, 2), 3)
    noise = Noise(7)
    assert torch.equal(noise.like(picked), noise.like(BATCH)[1:])
    assert torch.equal(noise.fresh(picked), noise.fresh(BATCH)[1:])
    sigmas = torch.tensor([9.0, 4.0, 1.0, 0.0])
    for kind in ("stream", "brownian"):
        whole = noise.of_steps(BATCH, BATCH.samples, kind, sigmas)  # type: ignore[arg-type]
        part = noise.of_steps(picked, picked.samples, kind, sigmas)  # type: ignore[arg-type]
        for a, b in ((9.0, 4.0), (4.0, 1.0)):
            assert torch.equal(part(picked.samples, a, b), whole(BATCH.samples, a, b)[1:])
    joined = call("LatentBatch", picked, BATCH)
    assert joined.drawn_with is None and len(joined.batch_index) == 5
    assert call("RepeatLatentBatch", picked, 2).drawn_with is None


def test_written_seeds() -> None:
    assert written_seeds("1 2\n9", 5) == (1, 2, 9, 10, 11)
    assert written_seeds("1 2 3", 2) == (1, 2)
    assert written_seeds(str(2**64 - 1), 2) == (2**64 - 1, 0)
    for wrong in ("none", str(2**64)):
        with pytest.raises(ValueError, match="seed"):
            written_seeds(wrong, 1)
