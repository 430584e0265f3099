"""Upscalers: against spandrel where it is installed, every layout of names, wrong files."""

import sys
import types
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from nodeflow.diffusion.checkpoint.header import CheckpointError
from nodeflow.diffusion.packed import pack
from nodeflow.diffusion.upscale.esrgan import RRDBConfig, RRDBNet
from nodeflow.diffusion.upscale.model import Upscalers, load_upscaler, open_upscaler

SHIPPED = Path(__file__).parents[2] / "nodeflow/models/upscale_models/tiny-upscale-4x.safetensors"
CONFIGS = {
    "x4": RRDBConfig(width=16, blocks=2),
    "x2 unshuffled": RRDBConfig(width=16, blocks=1, unshuffle=2),
    "x8": RRDBConfig(width=8, blocks=1, doublings=3),
}


def network(config: RRDBConfig) -> RRDBNet:
    torch.manual_seed(0)
    return RRDBNet(config).eval()


def bsrgan_names(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """BSRGAN's names for our weights."""
    changes = (("conv_body", "trunk_conv"), ("body.", "RRDB_trunk."), (".rdb", ".RDB"),
               ("conv_hr", "HRconv"), ("conv_up", "upconv"))  # fmt: skip
    out = {}
    for name, value in weights.items():
        for ours, theirs in changes:
            name = name.replace(ours, theirs)
        out[name] = value
    return out


def first_names(weights: dict[str, torch.Tensor], config: RRDBConfig) -> dict[str, torch.Tensor]:
    """ESRGAN's first names for our weights."""
    top = {
        "conv_first": 0,
        "conv_hr": 3 * config.doublings + 2,
        "conv_last": 3 * config.doublings + 4,
    }
    out = {}
    for name, value in weights.items():
        stem, _, leaf = name.rpartition(".")
        if stem.startswith("body."):
            _, block, dense, conv = stem.split(".")
            out[f"model.1.sub.{block}.{dense.upper()}.{conv}.0.{leaf}"] = value
        elif stem == "conv_body":
            out[f"model.1.sub.{config.blocks}.{leaf}"] = value
        elif stem.startswith("conv_up"):
            out[f"model.{3 * int(stem[-1])}.{leaf}"] = value
        else:
            out[f"model.{top[stem]}.{leaf}"] = value
    return out


@pytest.mark.parametrize("name", CONFIGS)
def test_every_layout_loads(name: str, tmp_path: Path) -> None:
    config = CONFIGS[name]
    weights = network(config).state_dict()
    x = torch.rand(1, 3, 11, 14)
    known = network(config)
    pack(known)
    with torch.no_grad():
        wanted = known(x)
    assert wanted.shape == (1, 3, 11 * config.scale, 14 * config.scale)
    layouts = [weights, bsrgan_names(weights), first_names(weights, config),
               {f"params_ema.{k}": v for k, v in weights.items()}]  # fmt: skip
    for layout in layouts:
        path = tmp_path / "up.safetensors"
        save_file({k: v.contiguous() for k, v in layout.items()}, path)
        assert open_upscaler(path, "f").scale == config.scale
        loaded = load_upscaler(path, "cpu")
        with torch.no_grad():
            assert loaded.config == config and torch.equal(loaded(x), wanted)


def test_one_network_is_held_by_its_content(tmp_path: Path) -> None:
    recipes = []
    for number, config in enumerate((CONFIGS["x4"], CONFIGS["x8"])):
        path = tmp_path / f"{number}.safetensors"
        save_file({n: t.contiguous() for n, t in network(config).state_dict().items()}, path)
        recipes.append(open_upscaler(path, f"content {number}"))
    held = Upscalers("cpu")
    first = held.get(recipes[0])
    assert held.get(recipes[0]) is first
    assert held.get(recipes[1]).config.scale == 8
    assert held.get(recipes[0]) is not first


def test_a_picture_of_one_pixel_can_be_enlarged() -> None:
    with torch.no_grad():
        assert network(CONFIGS["x2 unshuffled"])(torch.rand(1, 3, 1, 5)).shape == (1, 3, 2, 10)


@pytest.fixture
def spandrel(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Two other architectures of it import torchvision, which not every build of torch has."""
    vision = types.ModuleType("torchvision.transforms.functional")
    vision.InterpolationMode = vision.rotate = vision.normalize = object  # type: ignore[attr-defined]
    for part in ("torchvision", "torchvision.transforms"):
        monkeypatch.setitem(sys.modules, part, types.ModuleType(part))
    monkeypatch.setitem(sys.modules, vision.__name__, vision)
    return pytest.importorskip("spandrel")


def same_as_theirs(ours: RRDBNet, theirs: Any) -> None:
    assert theirs.architecture.id == "ESRGAN" and theirs.scale == ours.config.scale
    for size in ((12, 16), (11, 15)):
        x = torch.rand(1, 3, *size)
        with torch.no_grad():
            a, b = ours(x), theirs.model(x)
        assert float((a - b).norm() / b.norm()) <= 1e-5


@pytest.mark.parametrize("name", CONFIGS)
def test_the_network_is_that_of_spandrel(name: str, spandrel: Any) -> None:
    ours = network(CONFIGS[name])
    same_as_theirs(ours, spandrel.ModelLoader().load_from_state_dict(ours.state_dict()))


def test_the_shipped_file_is_one_that_spandrel_reads(spandrel: Any) -> None:
    same_as_theirs(load_upscaler(SHIPPED, "cpu"), spandrel.ModelLoader().load_from_file(SHIPPED))


def test_what_is_no_upscaler(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    save_file({"conv_in.weight": torch.zeros(3, 3)}, path)
    with pytest.raises(CheckpointError, match=r"no upscaler.*conv_in\.weight"):
        open_upscaler(path, "")
    weights = network(CONFIGS["x4"]).state_dict()
    save_file({**weights, "conv_attention.weight": torch.zeros(1)}, path)
    with pytest.raises(CheckpointError, match=r"conv_attention\.weight"):
        load_upscaler(path, "cpu")
    del weights["conv_hr.weight"]
    save_file(weights, path)
    with pytest.raises(CheckpointError, match=r"conv_hr\.weight"):
        load_upscaler(path, "cpu")
