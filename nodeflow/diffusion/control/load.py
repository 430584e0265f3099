"""Control nets out of their files."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from nodeflow.diffusion.checkpoint.diffusers_names import stored_name
from nodeflow.diffusion.checkpoint.header import CheckpointError
from nodeflow.diffusion.checkpoint.layout import Naming
from nodeflow.diffusion.checkpoint.load import assign, fill, warn_unused
from nodeflow.diffusion.checkpoint.reader import WeightsReader
from nodeflow.diffusion.checkpoint.stored import Stored
from nodeflow.diffusion.control.config import ControlNetConfig
from nodeflow.diffusion.control.files import (
    DIFFERENCE,
    LORA,
    ControlFile,
    ControlKind,
    hint_sizes,
    own_names,
    read_control,
)
from nodeflow.diffusion.control.net import ControlNetModel
from nodeflow.diffusion.control.t2i import T2IAdapter
from nodeflow.diffusion.control.t2i_files import adapter_config
from nodeflow.diffusion.control.t2i_files import stored_name as adapter_name
from nodeflow.diffusion.control.union import network
from nodeflow.diffusion.packed import plain
from nodeflow.diffusion.unet.model import UNet2DConditionModel


def load_control(
    path: Path, dtype: torch.dtype, device: str, base: UNet2DConditionModel | None = None
) -> ControlNetModel | T2IAdapter:
    """A control net of any kind, or a T2I adapter.

    base: the UNet that a difference or a Control-LoRA is for.
    Raises CheckpointError where weights are missing or the base is, or is of another family.
    """
    file = read_control(path)
    if file.kind is ControlKind.ADAPTER:
        return load_adapter(file, dtype, device)
    if file.kind is ControlKind.LORA:
        return load_control_lora(file, dtype, device, base)
    assert file.config is not None
    with torch.device("meta"):
        net = network(file.config)
    names = {
        ours: Stored(stored_name(theirs, "", file.header.tensors))
        if file.place.naming is Naming.DIFFUSERS
        else Stored(theirs)
        for ours, theirs in own_names(file.config, file.place).items()
    }
    rest = file.header.tensors.keys() - {s.name for s in names.values()} - {DIFFERENCE}
    warn_unused(file.path.name, rest)
    with WeightsReader(file.path) as reader:
        fill(net, reader, names, dtype, device)
    if file.kind is ControlKind.DIFFERENCE and base is not None:
        add_base(net, base)
    return net.eval()


def load_adapter(file: ControlFile, dtype: torch.dtype, device: str) -> T2IAdapter:
    """A T2I adapter in TencentARC's or diffusers' layout."""
    config = adapter_config(file.header)
    with torch.device("meta"):
        net = T2IAdapter(config)
    names = {
        ours: Stored(adapter_name(ours, file.header, config.layers))
        for ours, _ in net.named_parameters()
    }
    warn_unused(
        file.path.name, file.header.tensors.keys() - {stored.name for stored in names.values()}
    )
    with WeightsReader(file.path) as reader:
        fill(net, reader, names, dtype, device)
    return net.eval()


def add_base(net: ControlNetModel, base: UNet2DConditionModel) -> None:
    """Add the UNet's weights to those that were stored as differences to them."""
    theirs = dict(base.named_parameters())
    for name, parameter in list(net.named_parameters()):
        if name not in theirs:
            continue
        if theirs[name].shape != parameter.shape:
            raise CheckpointError(f"it is a difference to another family: '{name}' does not fit")
        assign(
            net,
            name,
            (parameter.data.float() + plain(theirs[name].data).float()).to(parameter.dtype),
        )


def load_control_lora(
    file: ControlFile, dtype: torch.dtype, device: str, base: UNet2DConditionModel | None
) -> ControlNetModel:
    """A Control-LoRA: the UNet's own encoder, its weights changed by small factors.

    Format: whole tensors under single-file names, and `up` and `down` for weights that are the
    UNet's plus their product (Stability AI's control-lora files).
    """
    if base is None:
        raise CheckpointError("a Control-LoRA builds on a model's weights, and there is none")
    config = ControlNetConfig(base.config, *hint_sizes(file.header, file.place))
    with torch.device("meta"):
        net = ControlNetModel(config)
    names = own_names(config, file.place)
    theirs: Mapping[str, Tensor] = {n: p.data for n, p in base.named_parameters()}
    used, tensors = {LORA}, file.header.tensors
    with WeightsReader(file.path) as reader:
        for ours, stored in names.items():
            up, down = (f"{stored.removesuffix('weight')}{end}" for end in ("up", "down"))
            if stored in tensors:
                value = reader.read(stored)
                used.add(stored)
            elif ours in theirs:
                value = plain(theirs[ours])
            else:
                raise CheckpointError(f"it lacks '{stored}'")
            if up in tensors and down in tensors:
                used |= {up, down}
                product = reader.read(up).float().flatten(1) @ reader.read(down).float().flatten(1)
                if product.numel() != value.numel():
                    raise CheckpointError(f"it is for another family: '{up}' does not fit")
                value = value.float() + product.reshape(value.shape).to(value.device)
            if value.shape != net.get_parameter(ours).shape:
                raise CheckpointError(f"it is for another family: '{stored}' does not fit")
            assign(net, ours, value.to(device, dtype).contiguous())
    warn_unused(file.path.name, set(tensors.keys()) - used)
    return net.eval()
