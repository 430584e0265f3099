"""Families of files that are no whole models, by their headers."""

from pathlib import Path

import pytest
import torch

from nodeflow.diffusion.control.config import ControlNetConfig
from nodeflow.diffusion.control.net import ControlNetModel
from nodeflow.diffusion.families.of_file import families_of, told_by
from nodeflow.diffusion.recipe import FamilyName
from nodeflow.diffusion.unet.config import UNetConfig
from tests.diffusion.ip_adapter.published import FILES as IP_ADAPTERS
from tests.diffusion.test_families import FILES, sparse

F = FamilyName


@pytest.mark.parametrize(
    ("name", "families"),
    [
        ("SD1", (F.SD1, F.SDXL)),
        ("SD2", (F.UPSCALER, F.SD2)),
        ("SDXL", (F.SDXL,)),
        ("refiner", (F.SDXL, F.REFINER)),
    ],
)
def test_a_text_encoder_goes_with_every_family_that_reads_with_it(
    name: str, families: tuple[FamilyName, ...], tmp_path: Path
) -> None:
    path = sparse(tmp_path / "text.safetensors", FILES[name])
    assert families_of("text_encoders", path) == families


@pytest.mark.parametrize(("width", "family"), [(768, F.SD1), (1024, F.SD2), (2048, F.SDXL)])
def test_a_control_net_goes_with_models_of_its_text(
    width: int, family: FamilyName, tmp_path: Path
) -> None:
    sizes = UNetConfig(
        block_out_channels=(32, 64), layers_per_block=1, transformer_depth=(1, 0), heads=(4, 4),
        context_width=width,
    )  # fmt: skip
    with torch.device("meta"):
        net = ControlNetModel(ControlNetConfig(sizes))
    shapes = {name: tuple(tensor.shape) for name, tensor in net.state_dict().items()}
    assert families_of("controlnet", sparse(tmp_path / "c.safetensors", shapes)) == (family,)


@pytest.mark.parametrize("name", IP_ADAPTERS)
def test_an_ip_adapter_goes_with_models_of_its_text(name: str, tmp_path: Path) -> None:
    family = F.SDXL if "sdxl" in name else F.SD1
    path = sparse(tmp_path / "a.safetensors", IP_ADAPTERS[name])
    assert families_of("ipadapter", path) == (family,)


def test_what_is_not_sound_says_why_and_no_family(tmp_path: Path) -> None:
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"this is no header")
    for kind in ("checkpoints", "loras", "controlnet", "ipadapter", "text_encoders", "vae"):
        told = told_by(kind, broken)
        assert told.families == () and "not a safetensors file" in told.trouble, kind
    assert "No such file" in told_by("checkpoints", tmp_path / "gone.safetensors").trouble
    pickled = tmp_path / "old.ckpt"
    torch.save({"weight": torch.zeros(2)}, pickled)
    assert "--allow-pickled" in told_by("checkpoints", pickled).trouble


def test_a_sound_file_has_no_trouble(tmp_path: Path) -> None:
    assert told_by("vae", sparse(tmp_path / "v.safetensors", {"weight": (2,)})).trouble == ""
