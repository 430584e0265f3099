"""Which share of which model the merge nodes give each weight."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from nodeflow.diffusion.checkpoint.header import read_header
from nodeflow.diffusion.checkpoint.ldm_keys import unet_key_map
from nodeflow.diffusion.checkpoint.open import OpenedCheckpoint, open_checkpoint
from nodeflow.diffusion.merging.patch import MergePatch, share_for
from nodeflow.diffusion.recipe import Tower
from nodeflow.diffusion.residency import Residency
from tests.nodes.test_behaviour import call

EMBEDDED = Path(__file__).parents[2] / "nodeflow/models/checkpoints/tiny-emoji.safetensors"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[OpenedCheckpoint, OpenedCheckpoint]:
    """The embedded model, and one of its sizes with other weights."""
    generator = torch.Generator().manual_seed(5)
    changed = {
        name: value + torch.randn(value.shape, generator=generator).to(value) * 0.1
        if value.is_floating_point() and value.numel()
        else value
        for name, value in load_file(EMBEDDED).items()
    }
    path = tmp_path_factory.mktemp("merge") / "other.safetensors"
    save_file(changed, path, dict(read_header(EMBEDDED).metadata))
    return open_checkpoint(EMBEDDED, "one"), open_checkpoint(path, "two")


def values(module: nn.Module) -> dict[str, Tensor]:
    return {name: p.data.double() for name, p in module.named_parameters()}


@pytest.mark.parametrize(
    ("node", "options", "first", "second"),
    [
        ("MergeSimple", (0.3,), 0.3, 0.7),
        ("MergeAdd", (), 1.0, 1.0),
        ("MergeSubtract", (0.25,), 0.25, -0.25),
    ],
)
def test_models_and_text_encoders_are_mixed_alike(
    pair: tuple[OpenedCheckpoint, OpenedCheckpoint],
    node: str,
    options: tuple[float, ...],
    first: float,
    second: float,
) -> None:
    residency = Residency()
    model = call(f"Model{node}", *(each.model for each in pair), *options)
    clip = call(f"CLIP{node}", *(each.clip for each in pair), *options)
    for found, (a, b) in (
        (residency.unet(model), [residency.unet(each.model) for each in pair]),
        (
            residency.text_encoders(clip).towers[Tower.L],
            [residency.text_encoders(each.clip).towers[Tower.L] for each in pair],
        ),
    ):
        of_a, of_b = values(a), values(b)
        for name, value in values(found).items():
            assert torch.allclose(value, first * of_a[name] + second * of_b[name], atol=1e-6), name


def test_blocks_have_the_shares_of_their_inputs(
    pair: tuple[OpenedCheckpoint, OpenedCheckpoint],
) -> None:
    one, two = (each.model for each in pair)
    residency = Residency()
    a, b = values(residency.unet(one)), values(residency.unet(two))
    unet = residency.unet(call("ModelMergeBlocks", one, two, 0.2, 0.5, 0.9))
    ratios = {"input": 0.2, "time": 0.2, "middle": 0.5, "output": 0.9, "out": 0.9}
    mixed, met = values(unet), set()
    for theirs, ours in unet_key_map(unet.config).items():
        stage = theirs.split(".")[0].split("_")[0]
        met.add(stage)
        wanted = ratios[stage] * a[ours] + (1 - ratios[stage]) * b[ours]
        assert torch.allclose(mixed[ours], wanted, atol=1e-6), theirs
    assert met == ratios.keys()


def test_every_block_of_sdxl_has_a_share_of_its_own(
    pair: tuple[OpenedCheckpoint, OpenedCheckpoint],
) -> None:
    blocks = {"input_blocks": 9, "middle_block": 3, "output_blocks": 9}
    names = ["time_embed", "label_emb"]
    names += [f"{stem}.{i}" for stem, count in blocks.items() for i in range(count)]
    names.append("out")
    ratios = {name: (number + 1) / 32 for number, name in enumerate(names)}
    one, two = (each.model for each in pair)
    patch = call("ModelMergeSDXL", one, two, *ratios.values()).patches[-1]
    assert isinstance(patch, MergePatch) and patch.other == two
    for name, ratio in ratios.items():
        share = share_for(f"{name}.0.weight", patch.shares)
        assert (share.first, share.second) == (ratio, 1 - ratio), name
