"""Control nets of every kind and T2I adapters, at work in whole UNets."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from nodeflow.diffusion.checkpoint.layout import Naming, Place
from nodeflow.diffusion.control.config import ControlNetConfig
from nodeflow.diffusion.control.files import own_names
from nodeflow.diffusion.control.load import load_control
from nodeflow.diffusion.control.net import ControlNetModel
from nodeflow.diffusion.control.t2i import T2IAdapter
from nodeflow.diffusion.control.union import UnionControlNetModel
from nodeflow.diffusion.sampling.model import added
from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.diffusion.unet.interventions import NONE
from tests.diffusion.control import test_net, test_t2i, test_union
from tests.diffusion.test_family_parity import sdxl
from tests.diffusion.whole.networks import (
    SD1,
    SDXL_SHORT,
    Question,
    asked,
    ours,
    question,
    same,
    theirs,
    they_asked,
)

pytestmark = [pytest.mark.full, pytest.mark.timeout(1800)]
HINT = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(9))


def their_residuals(net: Any, q: Question, hint: Any = HINT, *kinds: Any) -> list[Tensor]:
    """What diffusers' net adds, the middle last."""
    with torch.no_grad():
        down, middle = net(
            q.x, q.t, q.text, hint, *kinds, class_labels=q.label, return_dict=False
        )  # fmt: skip
    return [*down, middle]


def residuals(net: ControlNetModel, q: Question, *kinds: Any) -> list[Tensor]:
    """What ours adds."""
    with torch.no_grad():
        found = net(q.x, q.t, q.text, q.label, HINT, *kinds)
    assert found.mid_residual is not None
    return [*found.down_residuals, found.mid_residual]


def joined(tensors: list[Tensor]) -> Tensor:
    """All of them in one row."""
    return torch.cat([t.flatten() for t in tensors])


def compared(what: str, found: list[Tensor], wanted: list[Tensor]) -> None:
    """One by one, and told as one figure."""
    assert len(found) == len(wanted)
    for one, two in zip(found, wanted, strict=True):
        assert test_net.relative_l2(one, two) < 1e-5
    same(what, joined(found), joined(wanted), torch.zeros_like(joined(wanted)))


def test_a_net_and_its_unet(base: Any, tmp_path: Path) -> None:
    net, q = test_net.reference(SD1).requires_grad_(False), question()
    path = test_net.saved(net, SD1, tmp_path / "n.safetensors", Naming.LDM, "control_model.")
    *down, middle = [0.8 * r for r in their_residuals(net, q)]
    wanted = they_asked(
        base, q, down_block_additional_residuals=down, mid_block_additional_residual=middle
    )
    loaded = load_control(path, torch.float32, "cpu")
    with torch.no_grad():
        acting = added(NONE, loaded(q.x, q.t, q.text, None, HINT), 0.8)
    unet = ours(base)
    plainly = asked(unet, q)
    same("control net in SD1", asked(unet, q, acting), wanted, plainly)
    assert torch.equal(asked(unet, q), plainly)


def test_a_difference(base: Any, tmp_path: Path) -> None:
    """Stored as what a net has more than SD1."""
    net, q = test_net.reference(SD1).requires_grad_(False), question()
    wanted, names = their_residuals(net, q), own_names(ControlNetConfig(SD1), Place("", Naming.LDM))
    weights = base.state_dict()
    tensors = {
        names[n]: (p - weights[n] if n in weights else p).contiguous()
        for n, p in net.state_dict().items()
    }
    save_file({**tensors, "difference": torch.zeros(1)}, tmp_path / "d.safetensors")
    del net, tensors
    loaded = load_control(tmp_path / "d.safetensors", torch.float32, "cpu", ours(base))
    compared("difference", residuals(loaded, q), wanted)


def lora_file(base: nn.Module, config: UNetConfig, path: Path) -> Iterator[tuple[str, Tensor]]:
    """A Control-LoRA of rank 128 in a file, and diffusers' weights with its products."""
    names = own_names(ControlNetConfig(config), Place("", Naming.LDM))
    made, weights = torch.Generator().manual_seed(6), base.state_dict()
    tensors: dict[str, Tensor] = {"lora_controlnet": torch.zeros(0)}
    with torch.device("meta"):
        shapes = {n: p.shape for n, p in ControlNetModel(ControlNetConfig(config)).named_parameters()}  # noqa: E501  # fmt: skip
    for name, shape in shapes.items():
        if name in weights and len(shape) > 1:
            rank = min(128, shape[0], shape[1])
            up = torch.randn(shape[0], rank, *[1] * (len(shape) - 2), generator=made)
            down = torch.randn(rank, *shape[1:], generator=made) * 0.3 / shape.numel() ** 0.5
            stem = names[name].removesuffix("weight")
            tensors |= {f"{stem}up": up, f"{stem}down": down}
            product = up.flatten(1).double() @ down.flatten(1).double()
            yield name, (weights[name].double() + product.reshape(shape)).float()
        elif name in weights:
            yield name, weights[name]
        else:
            fan = shape[1:].numel() if len(shape) > 1 else 4
            tensors[names[name]] = torch.randn(shape, generator=made) * fan**-0.5
            yield name, tensors[names[name]]
    save_file(tensors, path)


@pytest.mark.parametrize("family", ["SD1", "SDXL"])
def test_a_control_lora(family: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    config = SD1 if family == "SD1" else SDXL_SHORT
    base = request.getfixturevalue("base") if family == "SD1" else theirs(config)
    path, q = tmp_path / "l.safetensors", question(config)
    with torch.device("meta"):
        net = net_on_meta(config)
    weights = {
        n.replace("add_embedding.", "class_embedding."): t for n, t in lora_file(base, config, path)
    }
    net.load_state_dict(weights, assign=True)
    wanted = their_residuals(net, q)
    del net, weights
    loaded = load_control(path, torch.float32, "cpu", ours(base, config))
    compared(f"Control-LoRA {family}", residuals(loaded, q), wanted)


def net_on_meta(config: UNetConfig) -> Any:
    """diffusers' net without weights."""
    kinds = ["CrossAttnDownBlock2D" if d else "DownBlock2D" for d in config.transformer_depth]
    return diffusers.ControlNetModel(
        block_out_channels=config.block_out_channels,
        down_block_types=tuple(kinds),
        attention_head_dim=list(config.heads),
        cross_attention_dim=config.context_width,
        transformer_layers_per_block=[d or 1 for d in config.transformer_depth],
        use_linear_projection=config.linear_projection,
        class_embed_type="projection" if config.label_width else None,
        projection_class_embeddings_input_dim=config.label_width,
    ).eval()


def test_a_whole_net_for_sdxl(tmp_path: Path) -> None:
    config = sdxl((0, 2, 10))
    net, q = test_net.reference(config).requires_grad_(False), question(config)
    wanted = their_residuals(net, q)
    path = test_net.saved(net, config, tmp_path / "n.safetensors", Naming.DIFFUSERS)
    del net
    loaded = load_control(path, torch.float32, "cpu")
    compared("control net for SDXL", residuals(loaded, q), wanted)


def test_a_whole_union_net_for_sdxl(tmp_path: Path) -> None:
    config = sdxl((0, 2, 10))
    net, q = test_union.reference(config, 8, 1).requires_grad_(False), question(config)
    flags = torch.zeros(1, 8)
    flags[:, [0, 6]] = 1
    wanted = their_residuals(net, q, [HINT, HINT], flags, [0, 6])
    sizes = ControlNetConfig(config, types=8)
    path = test_union.saved(net, sizes, tmp_path / "n.safetensors", Naming.DIFFUSERS)
    del net
    loaded = load_control(path, torch.float32, "cpu")
    assert isinstance(loaded, UnionControlNetModel)
    compared("union net for SDXL", residuals(loaded, q, (0, 6)), wanted)


def test_a_t2i_adapter_and_its_unet(base: Any, tmp_path: Path) -> None:
    adapter, q = test_t2i.reference("full_adapter", SD1.block_out_channels), question()
    save_file(
        {n: t.contiguous() for n, t in adapter.state_dict().items()}, tmp_path / "a.safetensors"
    )
    loaded = load_control(tmp_path / "a.safetensors", torch.float32, "cpu")
    assert isinstance(loaded, T2IAdapter)
    with torch.no_grad():
        features = [0.9 * f for f in adapter(HINT)]
        acting = added(NONE, loaded(q.x, q.t, q.text, None, HINT), 0.9)
    wanted = they_asked(base, q, down_intrablock_additional_residuals=[f.clone() for f in features])
    unet = ours(base)
    same("T2I adapter in SD1", asked(unet, q, acting), wanted, asked(unet, q))
