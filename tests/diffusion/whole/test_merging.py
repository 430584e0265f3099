"""Mixtures of two whole SD1 UNets against the arithmetic in float64, as weights and at work."""

from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from nodeflow.diffusion.checkpoint.open import open_model
from nodeflow.diffusion.merging.recipes import merged
from nodeflow.diffusion.recipe import ModelRecipe
from nodeflow.diffusion.residency import Residency
from tests.diffusion.closeness import relative_l2
from tests.diffusion.whole.networks import asked, ours, question, same, they_asked, twin

pytestmark = [pytest.mark.full, pytest.mark.timeout(1800)]
Weights = dict[str, Tensor]


@pytest.fixture(scope="module")
def pair(base: Any, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[ModelRecipe, Weights]]:
    """Two models of fp16 files with their weights."""
    made, found = torch.Generator().manual_seed(5), []
    for seed in range(2):
        weights = {
            n: (t if seed == 0 else t + 0.02 * torch.randn(t.shape, generator=made)).half()
            for n, t in base.state_dict().items()
        }
        path = tmp_path_factory.mktemp("merge") / f"{seed}.safetensors"
        save_file(weights, path)
        found.append((open_model(path, str(seed)), weights))
    return found


def share_of(name: str, shares: dict[str, tuple[float, float]]) -> tuple[float, float]:
    """By the parts that diffusers' names tell, as the merging nodes have them."""
    stage = name.split(".")[0]
    parts = {"input": ("down_blocks", "conv_in"), "middle": ("mid_block",),
             "out": ("up_blocks", "conv_norm_out", "conv_out")}  # fmt: skip
    for part, stages in parts.items():
        if part in shares and stage in stages:
            return shares[part]
    return shares[""]


SHARES = {
    "simple": {"": (0.3, 0.7)},
    "add": {"": (1.0, 1.0)},
    "subtract": {"": (0.8, -0.8)},
    "blocks": {"": (1.0, 0.0), "input": (0.25, 0.75), "middle": (0.0, 1.0), "out": (0.5, 0.5)},
}


@pytest.mark.parametrize("kind", SHARES)
def test_mixed(kind: str, base: Any, pair: Any) -> None:
    (one, a), (two, b) = pair
    shares, q = SHARES[kind], question()
    unet = Residency(budget=4_000_000_000).unet(merged(one, two, shares))
    wanted: Weights = {}
    for name, weight in a.items():
        first, second = share_of(name, shares)
        wanted[name] = (first * weight.double() + second * b[name].double()).float()
        assert relative_l2(unet.get_parameter(name), wanted[name]) < 1e-5, name
    found = asked(unet, q)
    del unet
    reference = twin(base)
    reference.load_state_dict(wanted, assign=True)
    plain = asked(ours(base), q)
    same(f"merging, {kind}", found, they_asked(reference, q), plain)


def test_two_halves_of_one_are_it(pair: Any) -> None:
    (one, a), (two, _) = pair
    residency = Residency(budget=4_000_000_000)
    for recipe in (merged(one, one, {"": (0.5, 0.5)}), merged(one, two, {"": (1.0, 0.0)})):
        unet = residency.unet(recipe)
        assert all(torch.equal(p, a[n].float()) for n, p in unet.named_parameters())
