"""T2I adapters against diffusers, in files of both layouts, and at work in sampling."""

from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from safetensors.torch import save_file

from nodeflow.diffusion.checkpoint.header import CheckpointError
from nodeflow.diffusion.control.config import AdapterConfig
from nodeflow.diffusion.control.files import ControlKind, read_control
from nodeflow.diffusion.control.load import load_control
from nodeflow.diffusion.control.t2i import T2IAdapter
from nodeflow.diffusion.sampling.model import added
from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.diffusion.unet.interventions import NONE, Interventions
from nodeflow.diffusion.unet.model import UNet2DConditionModel
from tests.diffusion.closeness import relative_l2
from tests.diffusion.control.test_net import recipe, sampled
from tests.diffusion.patches.embedded import parts
from tests.nodes.test_behaviour import call

KINDS = ("full_adapter", "light_adapter", "full_adapter_xl")
WIDTHS = (32, 48, 64, 64)
PUBLISHED = (320, 640, 1280, 1280)


def reference(kind: str, widths: tuple[int, ...], channels: int = 3) -> Any:
    """diffusers' adapter of a kind with random weights."""
    torch.manual_seed(4)
    light = kind == "light_adapter"  # it makes its last level twice
    made = diffusers.T2IAdapter(
        in_channels=channels,
        channels=list(widths[:-1] if light else widths),
        num_res_blocks=4 if light else 2,
        downscale_factor=16 if kind.endswith("xl") else 8,
        adapter_type=kind,
    )
    for parameter in made.parameters():
        parameter.data = parameter.data * 2
    return made.eval()


def authors_names(tensors: dict[str, torch.Tensor], kind: str) -> dict[str, torch.Tensor]:
    """Names of TencentARC's files: one list of blocks, two a level; light ones keep levels."""
    out = {}
    for name, tensor in tensors.items():
        name = name.removeprefix("adapter.")
        stem = name.split(".")
        if kind == "light_adapter":
            name = name.replace(".resnets.", ".body.")
        elif stem[2:3] == ["resnets"]:
            name = ".".join(["body", str(2 * int(stem[1]) + int(stem[3])), *stem[4:]])
        elif stem[2:3] == ["in_conv"]:
            name = ".".join(["body", str(2 * int(stem[1])), *stem[2:]])
        out[name] = tensor
    return out


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("authors", [True, False], ids=["TencentARC", "diffusers"])
@pytest.mark.parametrize(
    ("channels", "widths"),
    [
        (1, WIDTHS),
        (3, WIDTHS),
        pytest.param(3, PUBLISHED, marks=pytest.mark.heavy, id="published widths"),
    ],
)
def test_against_diffusers(
    kind: str, authors: bool, channels: int, widths: tuple[int, ...], tmp_path: Path
) -> None:
    theirs = reference(kind, widths, channels)
    tensors = {n: t.contiguous() for n, t in theirs.state_dict().items()}
    path = tmp_path / "a.safetensors"
    save_file(authors_names(tensors, kind) if authors else tensors, path)
    assert read_control(path).kind is ControlKind.ADAPTER
    ours = load_control(path, torch.float32, "cpu")
    assert isinstance(ours, T2IAdapter) and ours.config.widths == widths
    picture = torch.rand(1, channels, 96, 160)
    with torch.no_grad():
        for one, two in zip(ours.features(picture), theirs(picture), strict=True):
            assert one.shape == two.shape and relative_l2(one, two) < 1e-5


@pytest.mark.parametrize("kind", ["full_adapter", "full_adapter_xl"])
def test_its_features_reach_the_same_places(kind: str) -> None:
    wide = kind.endswith("xl")
    widths = (32, 64, 64) if wide else (32, 64, 64, 64)
    depth = (0, 1, 1) if wide else (1, 1, 1, 0)
    downs = tuple("CrossAttnDownBlock2D" if d else "DownBlock2D" for d in depth)
    ups = tuple("CrossAttnUpBlock2D" if d else "UpBlock2D" for d in reversed(depth))
    theirs = diffusers.UNet2DConditionModel(
        block_out_channels=widths, layers_per_block=2, down_block_types=downs, up_block_types=ups,
        attention_head_dim=4, cross_attention_dim=16, norm_num_groups=32,
    ).eval()  # fmt: skip
    config = UNetConfig(
        block_out_channels=widths, transformer_depth=depth, heads=(4,) * len(widths),
        context_width=16,
    )  # fmt: skip
    ours = UNet2DConditionModel(config).eval()
    ours.load_state_dict(theirs.state_dict())
    adapter = reference(kind, (32, 64, 64, 64))
    net = T2IAdapter(adapter_config(kind)).eval()
    net.load_state_dict({n.removeprefix("adapter."): t for n, t in adapter.state_dict().items()})
    x, t, text = torch.randn(1, 4, 16, 16), torch.tensor([700.0]), torch.randn(1, 7, 16)
    picture = torch.rand(1, 3, 128, 128)
    with torch.no_grad():
        features = [f.clone() for f in adapter(picture)]
        wanted = theirs(x, t, text, down_intrablock_additional_residuals=features).sample
        found = ours(x, t, text, None, net(x, t, text, None, picture))
        assert relative_l2(found, wanted) < 1e-5
        assert relative_l2(ours(x, t, text), wanted) > 1e-3


def adapter_config(kind: str) -> AdapterConfig:
    """Sizes of the small adapters here."""
    return AdapterConfig(3, (32, 64, 64, 64), 2, 16 if kind.endswith("xl") else 8)


def test_strengths_and_company() -> None:
    adapter = Interventions(features=(((0, False), torch.ones(1)),), mid_residual=torch.ones(1))
    net = Interventions(down_residuals=(torch.ones(1),), mid_residual=torch.ones(1))
    for first, second in ((adapter, net), (net, adapter)):
        both = added(added(NONE, first, 0.5), second, 2.0)
        share, other = (0.5, 2.0) if first is adapter else (2.0, 0.5)
        assert [(n, float(f)) for n, f in both.features] == [((0, False), share)]
        assert [float(r) for r in both.down_residuals] == [other]
        assert both.mid_residual is not None and float(both.mid_residual) == 2.5


def test_a_model_of_another_family(tmp_path: Path) -> None:
    _, _, positive, negative = parts()
    path = tmp_path / "a.safetensors"
    adapter = reference("full_adapter", (64, 96, 192))
    save_file({n: t.contiguous() for n, t in adapter.state_dict().items()}, path)
    picture = torch.rand(1, 64, 64, 3)
    steered = call("ControlNetApplyAdvanced", positive, negative, recipe(path), picture, 1.0)
    with pytest.raises(ValueError, match="T2I adapter is for another family"):
        sampled(*steered)


def test_what_cannot_be_is_said(tmp_path: Path) -> None:
    tensors = {
        n: t.contiguous()
        for n, t in reference("full_adapter", (32, 48, 64, 64)).state_dict().items()
    }
    path = tmp_path / "a.safetensors"
    save_file({n: t for n, t in tensors.items() if "body.2.resnets.1" not in n}, path)
    with pytest.raises(CheckpointError, match="weights are missing"):
        load_control(path, torch.float32, "cpu")
    odd = {**tensors, "adapter.conv_in.weight": torch.zeros(32, 100, 3, 3)}
    save_file(odd, path)
    with pytest.raises(CheckpointError, match="takes 100 channels"):
        load_control(path, torch.float32, "cpu")
