"""FreeU against diffusers, and on the embedded model."""

import pytest
import torch
from diffusers.utils.torch_utils import apply_freeu
from torch import Tensor

from nodeflow.diffusion.latent import Latent
from nodeflow.diffusion.patches.freeu import FreeU, skip_filter_of, strengthened
from nodeflow.diffusion.unet.interventions import Place
from nodeflow.node.context import RunContext
from nodeflow.values.structured import decode, encode
from tests.nodes.test_behaviour import call

PLACE = Place("up", 1, 0)


@pytest.mark.parametrize(("stage", "width"), [(0, 32), (1, 16), (2, 8)])
@pytest.mark.parametrize("size", [(8, 8), (6, 10), (5, 7)])
def test_against_diffusers(stage: int, width: int, size: tuple[int, int]) -> None:
    h, skip = torch.randn(2, width, *size), torch.randn(2, 12, *size)
    apply = skip_filter_of((FreeU(1.3, 1.4, 0.9, 0.2),), 8)
    assert apply is not None
    given = h.clone()
    found = apply(PLACE, h, skip)
    wanted = apply_freeu(stage, h.clone(), skip.clone(), b1=1.3, b2=1.4, s1=0.9, s2=0.2)
    assert torch.equal(h, given)
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(found, wanted, strict=True))


def test_the_second_version_follows_the_mean_of_the_channels() -> None:
    h = torch.randn(2, 16, 4, 6, dtype=torch.float64)
    found = strengthened(h, 1.4, structure=True)
    for image in range(2):
        mean = h[image].mean(0)
        share = (mean - mean.min()) / (mean.max() - mean.min())
        assert torch.allclose(found[image, :8], h[image, :8] * (1 + 0.4 * share))
        assert torch.equal(found[image, 8:], h[image, 8:])
    assert strengthened(torch.zeros(1, 16, 4, 4), 1.4, structure=True).isfinite().all()


def test_the_nodes_change_the_picture_and_factors_of_1_do_not() -> None:
    context = RunContext()
    model, clip, _ = call("CheckpointLoaderSimple", "tiny-emoji", context)
    positive = call("CLIPTextEncode", "a red apple", clip, context)
    negative = call("CLIPTextEncode", "", clip, context)

    def sampled(node: str | None, *factors: float) -> Tensor:
        used = model if node is None else call(node, model, *factors)
        assert decode(encode(used)) == used
        latent = Latent(torch.zeros(1, 4, 8, 8))
        made: Latent = call("KSampler", used, positive, negative, latent, context, 7, 3, 4.0)
        return made.samples

    plain = sampled(None)
    one, two = sampled("FreeU", 1.3, 1.4, 0.9, 0.2), sampled("FreeU_V2", 1.3, 1.4, 0.9, 0.2)
    for node in ("FreeU", "FreeU_V2"):
        assert torch.equal(sampled(node, 1.0, 1.0, 1.0, 1.0), plain)
    assert not torch.allclose(one, plain, atol=1e-2)
    assert not torch.allclose(two, plain, atol=1e-2) and not torch.allclose(one, two, atol=1e-3)
