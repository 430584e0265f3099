"""Mixtures by the arithmetic they claim, and files that load as what was saved."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from nodeflow.diffusion.adapters.open import model_with_adapter
from nodeflow.diffusion.checkpoint.header import CheckpointError
from nodeflow.diffusion.checkpoint.ldm_keys import unet_key_map
from nodeflow.diffusion.checkpoint.open import OpenedCheckpoint, open_checkpoint
from nodeflow.diffusion.merging.patch import MergePatch, Share, share_for
from nodeflow.diffusion.merging.recipes import merged
from nodeflow.diffusion.merging.save import Recipes, write_recipes
from nodeflow.diffusion.recipe import FamilyName, Tower, WeightsFile
from nodeflow.diffusion.residency import Residency
from nodeflow.diffusion.unet.model import UNet2DConditionModel

EMBEDDED = Path(__file__).parents[3] / "nodeflow/models/checkpoints/tiny-emoji.safetensors"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[OpenedCheckpoint, OpenedCheckpoint]:
    """The embedded model, and one of its sizes with other weights."""
    generator = torch.Generator().manual_seed(0)
    tensors = load_file(EMBEDDED)
    changed = {
        name: value + torch.randn(value.shape, generator=generator).to(value) * 0.1
        if value.is_floating_point() and value.numel()
        else value
        for name, value in tensors.items()
    }
    path = tmp_path_factory.mktemp("merge") / "other.safetensors"
    from nodeflow.diffusion.checkpoint.header import read_header

    save_file(changed, path, dict(read_header(EMBEDDED).metadata))
    return open_checkpoint(EMBEDDED, "one"), open_checkpoint(path, "two")


def values(module: nn.Module) -> dict[str, Tensor]:
    return {name: p.data.clone() for name, p in module.named_parameters()}


@pytest.mark.parametrize(("first", "second"), [(0.3, 0.7), (1.0, 1.0), (2.0, -2.0), (0.0, 1.0)])
def test_every_weight_is_mixed(
    pair: tuple[OpenedCheckpoint, OpenedCheckpoint], first: float, second: float
) -> None:
    one, two = pair
    residency = Residency()
    a, b = (values(residency.unet(c.model)) for c in pair)
    mixed = values(residency.unet(merged(one.model, two.model, {"": (first, second)})))
    for name, value in mixed.items():
        wanted = first * a[name].double() + second * b[name].double()
        assert torch.allclose(value.double(), wanted, atol=1e-6), name
    assert all(torch.equal(v, a[n]) for n, v in values(residency.unet(one.model)).items())


def test_blocks_have_shares_of_their_own(pair: tuple[OpenedCheckpoint, OpenedCheckpoint]) -> None:
    one, two = pair
    residency = Residency()
    unet = residency.unet(one.model)
    a, b = (values(residency.unet(c.model)) for c in pair)
    shares = {"": (1.0, 0.0), "input": (1.0, 0.0), "middle": (0.0, 1.0), "out": (0.5, 0.5)}
    mixed = values(residency.unet(merged(one.model, two.model, shares)))
    for theirs, ours in unet_key_map(unet.config).items():
        part = theirs.split("_")[0].split(".")[0]
        wanted = {
            "middle": b[ours],
            "output": (a[ours] + b[ours]) / 2,
            "out": (a[ours] + b[ours]) / 2,
        }
        assert torch.allclose(mixed[ours], wanted.get(part, a[ours]), atol=1e-6), theirs


def test_the_longest_prefix_counts() -> None:
    shares = (Share("", 1, 0), Share("input_blocks.1.", 0.5, 0.5), Share("input_blocks.", 0, 1))
    assert share_for("input_blocks.1.0.weight", shares).first == 0.5
    assert share_for("input_blocks.11.0.weight", shares).first == 0
    assert share_for("time_embed.0.weight", shares).first == 1
    assert share_for("x", ()).first == 1


def test_text_encoders_and_mixtures_of_mixtures(
    pair: tuple[OpenedCheckpoint, OpenedCheckpoint],
) -> None:
    one, two = pair
    residency = Residency()
    a, b = (values(residency.text_encoders(c.clip).towers[Tower.L]) for c in pair)
    half = merged(one.clip, two.clip, {"": (0.5, 0.5)})
    again = values(
        residency.text_encoders(merged(two.clip, half, {"": (0.5, 0.5)})).towers[Tower.L]
    )
    for name, value in again.items():
        assert torch.allclose(value, 0.25 * a[name] + 0.75 * b[name], atol=1e-6), name


def test_changes_of_both_models_are_in_the_mixture(
    pair: tuple[OpenedCheckpoint, OpenedCheckpoint],
) -> None:
    path = EMBEDDED.parents[1] / "loras/tiny-flat.safetensors"
    lora = WeightsFile(str(path), "lora")
    one = model_with_adapter(pair[0].model, lora, 0.5)
    two = model_with_adapter(pair[1].model, lora, -1.0)
    a, b = (values(Residency().unet(model)) for model in (one, two))
    mixed = values(Residency().unet(merged(one, two, {"": (0.3, 0.7)})))
    for name, value in mixed.items():
        assert torch.allclose(value, 0.3 * a[name] + 0.7 * b[name], atol=1e-6), name


def test_models_of_other_sizes_are_refused(
    pair: tuple[OpenedCheckpoint, OpenedCheckpoint],
) -> None:
    config = Residency().unet(pair[0].model).config
    for other in (replace(config, mid_depth=2), replace(config, context_width=999)):
        module = UNet2DConditionModel(other)
        with pytest.raises(CheckpointError, match="famil"):
            MergePatch(pair[1].model, (Share("", 0.5, 0.5),)).apply(module, None, torch.empty_like)


def test_models_of_two_families_are_refused(
    pair: tuple[OpenedCheckpoint, OpenedCheckpoint],
) -> None:
    one, two = pair
    foreign = replace(two.model, family=FamilyName.SDXL)
    with pytest.raises(ValueError, match="cannot be mixed"):
        merged(one.model, foreign, {"": (0.5, 0.5)})


def test_a_saved_checkpoint_is_the_file_it_came_from(tmp_path: Path) -> None:
    opened = open_checkpoint(EMBEDDED, "one")
    path = tmp_path / "saved.safetensors"
    write_recipes(path, Recipes(opened.model, opened.clip, opened.vae), Residency(), {})
    before, after = load_file(EMBEDDED), load_file(path)
    assert before.keys() == after.keys()
    for name, value in before.items():
        assert torch.equal(value, after[name]) and value.dtype == after[name].dtype, name


def test_a_saved_mixture_loads_as_the_mixture(
    pair: tuple[OpenedCheckpoint, OpenedCheckpoint], tmp_path: Path
) -> None:
    one, two = pair
    residency = Residency()
    recipe = merged(one.model, two.model, {"": (0.25, 0.75)})
    mixed = values(residency.unet(recipe))
    path = tmp_path / "mixed.safetensors"
    write_recipes(path, Recipes(recipe, one.clip, one.vae), residency, {"prompt": "{}"})
    loaded = values(Residency().unet(open_checkpoint(path, "three").model))
    for name, value in mixed.items():
        assert torch.equal(loaded[name], value.half().float()), name


def test_a_model_alone(pair: tuple[OpenedCheckpoint, OpenedCheckpoint], tmp_path: Path) -> None:
    one, _ = pair
    path = tmp_path / "unet.safetensors"
    write_recipes(path, Recipes(model=one.model), Residency(), {})
    with pytest.raises(CheckpointError, match="no VAE"):
        open_checkpoint(path, "four")
    assert not [p for p in tmp_path.iterdir() if p.suffix == ".partial"]


def test_who_may_read_a_saved_file_is_left_to_the_umask(
    pair: tuple[OpenedCheckpoint, OpenedCheckpoint], tmp_path: Path
) -> None:
    path = tmp_path / "vae.safetensors"
    before = os.umask(0o027)
    try:
        write_recipes(path, Recipes(vae=pair[0].vae), Residency(), {})
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o640
