"""Published files of what steers: complete, and of another family found by the header alone."""

from pathlib import Path

import pytest
import torch

from nodeflow.diffusion.checkpoint.header import CheckpointError
from nodeflow.diffusion.control.config import AdapterConfig, ControlNetConfig
from nodeflow.diffusion.control.files import ControlKind, hint_sizes, own_names, read_control
from nodeflow.diffusion.control.made_for import check_control
from nodeflow.diffusion.control.t2i import T2IAdapter
from nodeflow.diffusion.control.t2i_files import adapter_config, stored_name
from nodeflow.diffusion.control.union import network
from nodeflow.diffusion.families.of_file import families_of
from nodeflow.diffusion.recipe import FamilyName
from nodeflow.diffusion.unet.config import UNetConfig
from tests.diffusion.control.published import (
    control_lora,
    control_net,
    t2i_adapter,
    union_control_net,
)
from tests.diffusion.published import Shapes
from tests.diffusion.test_families import sparse
from tests.diffusion.test_family_parity import sdxl

SD1, SDXL = UNetConfig(), sdxl((0, 2, 10))
SIZES = {"SD1": SD1, "SDXL": SDXL}


def other(family: str) -> UNetConfig:
    return SDXL if family == "SD1" else SD1


@pytest.mark.parametrize(
    ("shapes", "family", "types"),
    [
        (control_net("SD1"), "SD1", 0),
        (control_net("SD1", ""), "SD1", 0),
        (control_net("SDXL", ""), "SDXL", 0),
        (union_control_net(6), "SDXL", 6),
        (union_control_net(8), "SDXL", 8),
    ],
    ids=["SD1", "SD1 alone", "SDXL", "union", "union promax"],
)
def test_control_nets(shapes: Shapes, family: str, types: int, tmp_path: Path) -> None:
    path = sparse(tmp_path / "c.safetensors", shapes)
    file = read_control(path)
    assert file.kind is ControlKind.WHOLE and file.config is not None
    assert file.config == ControlNetConfig(SIZES[family], types=types)
    with torch.device("meta"):
        net = network(file.config)
    own = {n: tuple(p.shape) for n, p in net.named_parameters()}
    names = own_names(file.config, file.place)
    assert {n: shapes[theirs] for n, theirs in names.items()}.keys() == own.keys()
    for name, theirs in names.items():
        assert shapes[theirs][: len(own[name])] == own[name], theirs
    assert set(names.values()) == set(shapes)
    check_control(file, SIZES[family])
    with pytest.raises(CheckpointError, match="another family"):
        check_control(file, other(family))
    assert families_of("controlnet", path) == (FamilyName[family],)


def test_a_control_lora(tmp_path: Path) -> None:
    shapes = control_lora()
    path = sparse(tmp_path / "l.safetensors", shapes)
    file = read_control(path)
    assert file.kind is ControlKind.LORA
    config = ControlNetConfig(SDXL, *hint_sizes(file.header, file.place))
    read = {"lora_controlnet"}
    for theirs in own_names(config, file.place).values():
        stem = theirs.removesuffix("weight")
        found = {theirs, f"{stem}up", f"{stem}down"} & shapes.keys()
        assert found in ({theirs}, {f"{stem}up", f"{stem}down"}), theirs
        read |= found
    assert read == set(shapes)
    check_control(file, SDXL)
    with pytest.raises(CheckpointError, match=r"text 2,048 numbers wide.*another family"):
        check_control(file, SD1)
    assert families_of("controlnet", path) == (FamilyName.SDXL,)


@pytest.mark.parametrize(("cells", "family"), [(64, "SD1"), (256, "SDXL")])
@pytest.mark.parametrize("picture", [1, 3])
def test_t2i_adapters(cells: int, family: str, picture: int, tmp_path: Path) -> None:
    shapes = t2i_adapter(cells, picture)
    path = sparse(tmp_path / "t.safetensors", shapes)
    file = read_control(path)
    assert file.kind is ControlKind.ADAPTER
    config = adapter_config(file.header)
    assert config == AdapterConfig(picture, shuffle=8 if cells == 64 else 16)
    with torch.device("meta"):
        net = T2IAdapter(config)
    own = {n: tuple(p.shape) for n, p in net.named_parameters()}
    names = {n: stored_name(n, file.header, config.layers) for n in own}
    assert set(names.values()) == set(shapes)
    assert all(shapes[theirs][:2] == own[n][:2] for n, theirs in names.items())
    check_control(file, SIZES[family])
    with pytest.raises(CheckpointError, match="another family"):
        check_control(file, other(family))
    assert FamilyName[family] in families_of("controlnet", path)
