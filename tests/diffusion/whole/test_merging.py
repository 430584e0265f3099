"""Mixtures of two whole SD1 UNets against the arithmetic in float64, as weights and at work."""

from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from nodeflow.diffusion.checkpoint.open import open_model
from nodeflow.diffusion.merging.recipes import merged
from nodeflow.diffusion.packed import plain as plain_weight
from nodeflow.diffusion.residency import Residency
from tests.diffusion.closeness import relative_l2
from tests.diffusion.whole.networks import asked, question, same, theirs, they_asked

pytestmark = [pytest.mark.full, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Files of two models in fp16."""
    made, base = torch.Generator().manual_seed(5), theirs().state_dict()
    paths = [tmp_path_factory.mktemp("merge") / f"{seed}.safetensors" for seed in range(2)]
    save_file({n: t.half() for n, t in base.items()}, paths[0])
    save_file(
        {n: (t + 0.02 * torch.randn(t.shape, generator=made)).half() for n, t in base.items()},
        paths[1],
    )
    return paths


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
    "difference added": {"": (0.5, 0.5)},
    "blocks": {"": (1.0, 0.0), "input": (0.25, 0.75), "middle": (0.0, 1.0), "out": (0.5, 0.5)},
}


@pytest.mark.parametrize("kind", SHARES)
def test_mixed(kind: str, pair: list[Path]) -> None:
    one, two = (open_model(path, path.name) for path in pair)
    shares, q = SHARES[kind], question()
    residency = Residency(budget=4_000_000_000)
    plain = asked(residency.unet(one), q)
    recipe = merged(one, two, shares)
    if kind == "difference added":
        recipe = merged(merged(two, one, {"": (1.0, -1.0)}), one, {"": (0.5, 1.0)})
    unet = residency.unet(recipe)
    found, own = asked(unet, q), dict(unet.named_parameters())
    del unet, residency
    wanted = {}
    with safe_open(pair[0], "pt") as a, safe_open(pair[1], "pt") as b:
        for name in list(own):
            first, second = share_of(name, shares)
            mixed = first * a.get_tensor(name).double() + second * b.get_tensor(name).double()
            wanted[name] = mixed.float()
            assert relative_l2(plain_weight(own.pop(name).data), mixed) < 1e-5, name
    with torch.device("meta"):
        reference = theirs()
    reference.load_state_dict(wanted, assign=True)
    same(f"merging, {kind}", found, they_asked(reference, q), plain)


def test_two_halves_of_one_are_it(pair: list[Path]) -> None:
    one, two = (open_model(path, path.name) for path in pair)
    for recipe in (merged(one, one, {"": (0.5, 0.5)}), merged(one, two, {"": (1.0, 0.0)})):
        unet = Residency(budget=4_000_000_000).unet(recipe)
        with safe_open(pair[0], "pt") as a:
            for name, parameter in unet.named_parameters():
                assert torch.equal(plain_weight(parameter.data), a.get_tensor(name).float()), name
