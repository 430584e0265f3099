"""The whole SDXL UNet, 10 GB, under a LoRA and under IP-Adapters; one network at a time."""

from pathlib import Path

import pytest

from nodeflow.diffusion.adapters.apply import apply_adapter
from nodeflow.diffusion.adapters.names import Target
from tests.diffusion.adapters.formats import FLAT, diffusers_modules
from tests.diffusion.adapters.formulas import changed, drawn
from tests.diffusion.ip_adapter.published import plain, plus
from tests.diffusion.test_family_parity import sdxl
from tests.diffusion.whole.networks import asked, ours, question, same, theirs, they_asked
from tests.diffusion.whole.test_adapters import SIZES, file_of
from tests.diffusion.whole.test_carried import ip_adapter

pytestmark = [pytest.mark.full, pytest.mark.timeout(3600)]
SDXL = sdxl((0, 2, 10))


def test_a_lora_on_every_layer(tmp_path: Path) -> None:
    kind, q = "LoRA", question(SDXL)
    base = theirs(SDXL)
    plainly = they_asked(base, q)
    path = file_of(kind, base, tmp_path / "a.safetensors")
    for seed, (name, shape) in enumerate(diffusers_modules(base).items()):
        weight = base.get_submodule(name).weight
        weight.data = changed(weight.data, drawn(shape, FLAT[kind], seed, SIZES[kind])).float()
    wanted = they_asked(base, q)
    del base, weight
    unet = ours(theirs(SDXL), SDXL)  # type: ignore[arg-type]
    apply_adapter(path, 1.0, unet, Target.UNET)
    same("LoRA in SDXL", asked(unet, q), wanted, plainly)


def test_ip_adapters(tmp_path: Path) -> None:
    base, path = theirs(SDXL), tmp_path / "a.safetensors"
    for name, projection in {
        "ip-adapter_sdxl": plain(1280, 2048),
        "ip-adapter-plus_sdxl_vit-h": plus(1280, 1280, 2048),
    }.items():
        ip_adapter(name, base, SDXL, projection, path)  # type: ignore[arg-type]
