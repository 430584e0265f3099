"""Texts in boxes on the embedded model, through the nodes."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from nodeflow.diffusion.checkpoint.header import CheckpointError
from nodeflow.diffusion.checkpoint.open import open_checkpoint
from nodeflow.diffusion.gligen.config import MOST, GligenConfig
from nodeflow.diffusion.gligen.network import Gligen
from nodeflow.diffusion.latent import Latent
from nodeflow.diffusion.residency import Residency
from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.diffusion.unet.places import attention_places
from nodeflow.node.context import RunContext
from nodeflow.node.folders import Folders, ModelRoot
from nodeflow.values.structured import decode, encode
from tests.diffusion.patches.embedded import parts
from tests.nodes.test_behaviour import call

EMBEDDED = Path(__file__).parents[3] / "nodeflow/models/checkpoints/tiny-emoji.safetensors"


@cache
def config() -> UNetConfig:
    return Residency("cpu").unet(open_checkpoint(EMBEDDED, "print").model).config


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> RunContext:
    """A run with networks for the embedded model and for another."""
    root = tmp_path_factory.mktemp("models")
    (root / "gligen").mkdir()
    widths = tuple(attention_places(config()).values())
    context = config().context_width
    for name, sizes in {
        "boxes": GligenConfig(context, context, 32, 8, widths),
        "closed": GligenConfig(context, context, 32, 8, widths),
        "other": GligenConfig(context, 768, 32, 8, widths),
        "sd1": GligenConfig(768, 768, 32, 8, widths),
    }.items():
        torch.manual_seed(4)
        network = Gligen(sizes)
        for fuser in network.fusers:
            fuser.alpha_attn.data.fill_(0.0 if name == "closed" else 0.5)
            fuser.alpha_dense.data.fill_(0.0 if name == "closed" else 0.3)
        renamed = {renamed_to(n, config()): t.contiguous() for n, t in network.state_dict().items()}
        save_file(renamed, root / "gligen" / f"{name}.safetensors")
    return RunContext(folders=Folders(models=(ModelRoot.at(root),)))


def renamed_to(name: str, unet: UNetConfig) -> str:
    """Our name as diffusers' files have it."""
    if not name.startswith("fusers."):
        return name
    _, number, leaf = name.split(".", 2)
    place = list(attention_places(unet))[int(number)]
    level = len(unet.heads) - 1 - place.level if place.stage == "up" else place.level
    block = "mid_block" if place.stage == "mid" else f"{place.stage}_blocks.{level}"
    stem = f"{block}.attentions.{place.index}.transformer_blocks.{place.depth}"
    return f"{stem}.fuser.{leaf}"


def sampled(context: RunContext, positive: Any, cfg: float = 4.0) -> Tensor:
    _, model, _, negative = parts()
    latent = Latent(torch.zeros(1, 4, 8, 8))
    made: Latent = call("KSampler", model, positive, negative, latent, context, 7, 3, cfg)
    return made.samples


def box(context: RunContext, positive: Any, name: str, text: str, *place: int) -> Any:
    clip = call("CheckpointLoaderSimple", "tiny-emoji", context).CLIP
    net = call("GLIGENLoader", name, context)
    return call("GLIGENTextBoxApply", positive, clip, net, text, context, *place)


def test_boxes_change_the_result_and_leave_no_trace(context: RunContext) -> None:
    _, _, positive, _ = parts()
    bare = sampled(context, positive)
    one = box(context, positive, "boxes", "a pear", 32, 32, 0, 0)
    assert encode(decode(encode(one))) == encode(one)
    with_one = sampled(context, one)
    assert not torch.allclose(with_one, bare, atol=1e-3)
    assert not torch.allclose(
        sampled(context, one, 1.0), sampled(context, positive, 1.0), atol=1e-3
    )
    moved = sampled(context, box(context, positive, "boxes", "a pear", 32, 32, 32, 32))
    other = sampled(context, box(context, positive, "boxes", "a cat", 32, 32, 0, 0))
    two = sampled(context, box(context, one, "boxes", "a cat", 32, 32, 32, 32))
    results = [with_one, moved, other, two]
    for index, first in enumerate(results):
        assert all(not torch.allclose(first, then, atol=1e-5) for then in results[index + 1 :])
    assert torch.equal(sampled(context, one), with_one)
    assert torch.equal(sampled(context, positive), bare)


def test_with_closed_gates_it_is_the_base(context: RunContext) -> None:
    _, _, positive, _ = parts()
    closed = box(context, positive, "closed", "a pear", 32, 32, 0, 0)
    assert torch.equal(sampled(context, closed), sampled(context, positive))


def test_limits_and_other_families(context: RunContext) -> None:
    _, _, positive, _ = parts()
    many = positive
    for number in range(MOST):
        many = box(context, many, "boxes", f"{number}", 8, 8, 0, 0)
    with pytest.raises(ValueError, match="30 boxes already"):
        box(context, many, "boxes", "one more", 8, 8, 0, 0)
    with pytest.raises(CheckpointError, match="texts 768 numbers wide"):
        box(context, positive, "sd1", "a pear", 8, 8, 0, 0)
    with pytest.raises(CheckpointError, match=r"text 768 numbers wide.*another family"):
        sampled(context, box(context, positive, "other", "a pear", 8, 8, 0, 0))
