"""Autoencoders of published size mixed: the formula in float64, at work in diffusers."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL as ReferenceVAE
from safetensors.torch import load_file, save_file
from torch import Tensor

from nodeflow.diffusion.checkpoint.open import open_vae
from nodeflow.diffusion.merging.save import Recipes, write_recipes
from nodeflow.diffusion.packed import plain
from nodeflow.diffusion.recipe import VaeRecipe
from nodeflow.diffusion.residency import Residency
from nodeflow.diffusion.vae.model import AutoencoderKL
from tests.diffusion.closeness import relative_l2
from tests.nodes.test_behaviour import call

WIDTHS = (128, 256, 512, 512)
SHARES = {
    "VAEMergeSimple": ((0.3,), {"encoder": (0.3, 0.7), "decoder": (0.3, 0.7)}),
    "VAEMergeBlocks": ((0.25, 0.875), {"encoder": (0.25, 0.75), "decoder": (0.875, 0.125)}),
}


def theirs(widths: tuple[int, ...] = WIDTHS) -> ReferenceVAE:
    return ReferenceVAE(
        block_out_channels=widths, layers_per_block=2, latent_channels=4,
        down_block_types=("DownEncoderBlock2D",) * len(widths),
        up_block_types=("UpDecoderBlock2D",) * len(widths),
    )  # fmt: skip


def written(path: Path, seed: int, widths: tuple[int, ...] = WIDTHS) -> VaeRecipe:
    torch.manual_seed(seed)
    vae = theirs(widths)
    for parameter in vae.parameters():
        if parameter.dim() == 1:  # zeros and ones, of which no mixture would show
            parameter.data += 0.1 * torch.randn(parameter.shape)
    save_file(vae.state_dict(), path)
    return open_vae(path, path.name)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> list[VaeRecipe]:
    folder = tmp_path_factory.mktemp("vaes")
    return [written(folder / f"{seed}.safetensors", seed) for seed in range(2)]


def whole(recipe: VaeRecipe) -> AutoencoderKL:
    found = Residency().vae(recipe, "decoder" if recipe.patches else None)
    assert isinstance(found, AutoencoderKL)
    return found


def weights(recipe: VaeRecipe) -> dict[str, Tensor]:
    return {name: plain(p.data) for name, p in whole(recipe).named_parameters()}


def mixed(pair: list[VaeRecipe], shares: dict[str, tuple[float, float]]) -> dict[str, Tensor]:
    """By the formula, in float64; the convolutions on both sides of the latent go with a half."""
    a, b = (load_file(recipe.source.path) for recipe in pair)
    halves = {"quant_conv": "encoder", "post_quant_conv": "decoder"}
    wanted = {}
    for name, value in a.items():
        stem = name.split(".")[0]
        first, second = shares[halves.get(stem, stem)]
        wanted[name] = first * value.double() + second * b[name].double()
    return wanted


@pytest.mark.parametrize("node", SHARES)
def test_a_mixture_is_the_formulas_and_works_as_diffusers_does(
    pair: list[VaeRecipe], node: str
) -> None:
    options, shares = SHARES[node]
    ours, wanted = whole(call(node, *pair, *options)), mixed(pair, shares)
    for name, parameter in ours.named_parameters():
        assert relative_l2(plain(parameter.data), wanted[name]) < 1e-6, name
    reference = theirs()
    reference.load_state_dict({name: value.float() for name, value in wanted.items()})
    picture = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        posterior = reference.encode(picture).latent_dist
        assert relative_l2(ours.moments(picture)[0], posterior.mean) < 1e-5
        decoded = reference.decode(posterior.mean).sample
        assert relative_l2(ours.decode(posterior.mean), decoded) < 1e-5


def test_a_difference_added_and_the_base_as_it_was(pair: list[VaeRecipe]) -> None:
    one, two = pair
    before = weights(one)
    difference = call("VAEMergeSubtract", two, one, 0.5)
    found = weights(call("VAEMergeAdd", difference, one))
    a, b = (load_file(recipe.source.path) for recipe in pair)
    for name, value in found.items():
        assert relative_l2(value, 0.5 * a[name].double() + 0.5 * b[name].double()) < 1e-5, name
    again = weights(one)
    halves = weights(call("VAEMergeSimple", one, one, 0.5))
    assert all(torch.equal(value, again[name]) for name, value in before.items())
    assert all(torch.equal(value, halves[name]) for name, value in before.items())


def test_a_saved_mixture_loads_as_it_is(pair: list[VaeRecipe], tmp_path: Path) -> None:
    recipe, path = call("VAEMergeSimple", *pair, 0.75), tmp_path / "mixed.safetensors"
    write_recipes(path, Recipes(vae=recipe), Residency(), {})
    wanted = weights(recipe)
    loaded = weights(open_vae(path, "mixed"))
    assert all(torch.equal(value, loaded[name]) for name, value in wanted.items())


def test_what_cannot_be_mixed_is_refused_at_once(pair: list[VaeRecipe], tmp_path: Path) -> None:
    tiny = replace(pair[1], tiny_scale=1.0)
    small = written(tmp_path / "small.safetensors", 0, (64, 128, 256, 256))
    refused: list[tuple[Any, Any, str]] = [
        (pair[0], tiny, "TAESD"), (tiny, tiny, "TAESD"), (pair[0], small, "64, 128")
    ]  # fmt: skip
    for first, second, why in refused:
        with pytest.raises(ValueError, match=why):
            call("VAEMergeSimple", first, second, 0.5)
