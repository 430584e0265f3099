"""Files of control nets with too much, too little, or for another family: what is said of them."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from nodeflow.diffusion.checkpoint.header import CheckpointError
from nodeflow.diffusion.checkpoint.layout import Naming, Place
from nodeflow.diffusion.control.config import AdapterConfig, ControlNetConfig
from nodeflow.diffusion.control.files import own_names
from nodeflow.diffusion.control.load import load_control
from nodeflow.diffusion.control.net import ControlNetModel
from nodeflow.diffusion.control.t2i import T2IAdapter
from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.diffusion.unet.model import UNet2DConditionModel

SMALL = UNetConfig(
    block_out_channels=(32, 64), layers_per_block=1, transformer_depth=(1, 0), heads=(4, 4),
    context_width=16,
)  # fmt: skip
WIDER = replace(SMALL, block_out_channels=(64, 128))
HERE = (torch.float32, "cpu")
QUERY = "input_blocks.1.1.transformer_blocks.0.attn1.to_q"


def control_lora(path: Path, factors: bool = True) -> dict[str, Tensor]:
    """What is the control net's own, and small factors for one weight of the UNet's."""
    config = ControlNetConfig(SMALL)
    with torch.device("meta"):
        unet = {name for name, _ in UNet2DConditionModel(SMALL).named_parameters()}
        own = {n: p.shape for n, p in ControlNetModel(config).named_parameters() if n not in unet}
    names = own_names(config, Place("", Naming.LDM))
    tensors = {names[name]: torch.zeros(shape) for name, shape in own.items()}
    if factors:
        tensors |= {f"{QUERY}.up": torch.ones(32, 2), f"{QUERY}.down": torch.ones(2, 32)}
    tensors["lora_controlnet"] = torch.zeros(0)
    save_file(tensors, path)
    return tensors


def test_names_that_nothing_uses_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "c.safetensors"
    base = UNet2DConditionModel(SMALL)
    odd = {"odd.weight": torch.zeros(1), "out.0.up": torch.zeros(1)}
    with caplog.at_level(logging.WARNING):
        control_lora(path)
        load_control(path, *HERE, base)
        assert not caplog.text
        save_file(control_lora(path) | odd, path)
        load_control(path, *HERE, base)
        assert "2 " in caplog.text and "odd.weight" in caplog.text and "out.0.up" in caplog.text
    nets = {"whole": ControlNetModel(ControlNetConfig(SMALL)),
            "t2i": T2IAdapter(AdapterConfig(widths=(8, 8, 8, 8)))}  # fmt: skip
    for name, net in nets.items():
        caplog.clear()
        file = tmp_path / f"{name}.safetensors"
        save_file({n: t.contiguous() for n, t in net.state_dict().items()}, file)
        with caplog.at_level(logging.WARNING):
            load_control(file, *HERE)
            assert not caplog.text
            save_file(load_file(file) | odd, file)
            load_control(file, *HERE)
        assert "odd.weight" in caplog.text and file.name in caplog.text


def test_a_control_lora_without_a_weight_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "c.safetensors"
    tensors = control_lora(path)
    del tensors["middle_block_out.0.bias"]
    save_file(tensors, path)
    with pytest.raises(CheckpointError, match=r"it lacks 'middle_block_out\.0\.bias'"):
        load_control(path, *HERE, UNet2DConditionModel(SMALL))


def test_a_control_lora_of_another_family(tmp_path: Path) -> None:
    path = tmp_path / "c.safetensors"
    control_lora(path)
    with pytest.raises(CheckpointError, match=rf"another family: '{QUERY}\.up' does not fit"):
        load_control(path, *HERE, UNet2DConditionModel(WIDER))
    control_lora(path, factors=False)
    with pytest.raises(CheckpointError, match=r"another family: '.*' does not fit"):
        load_control(path, *HERE, UNet2DConditionModel(WIDER))


def test_a_difference_to_another_family(tmp_path: Path) -> None:
    path = tmp_path / "d.safetensors"
    net = ControlNetModel(ControlNetConfig(SMALL)).state_dict()
    save_file(net | {"difference": torch.zeros(1)}, path)
    load_control(path, *HERE, UNet2DConditionModel(SMALL))
    with pytest.raises(CheckpointError, match=r"difference to another family: '.*' does not fit"):
        load_control(path, *HERE, UNet2DConditionModel(WIDER))
