"""Adapters of every format on all layers of a whole SD1 UNet: answers, and laws of weights."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import peft
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from nodeflow.diffusion.adapters.apply import apply_adapter
from nodeflow.diffusion.adapters.names import Target
from nodeflow.diffusion.adapters.open import model_with_adapter
from nodeflow.diffusion.adapters.patch import AdapterPatch
from nodeflow.diffusion.checkpoint.open import open_model
from nodeflow.diffusion.packed import plain
from nodeflow.diffusion.recipe import WeightsFile
from nodeflow.diffusion.residency import Residency
from tests.diffusion.adapters.formats import FLAT, diffusers_modules
from tests.diffusion.adapters.formulas import changed, drawn
from tests.diffusion.closeness import relative_l2
from tests.diffusion.whole.networks import asked, ours, question, same, theirs, they_asked

pytestmark = [pytest.mark.full, pytest.mark.timeout(1800)]


SIZES = {"LoRA": 0.1, "LoKr, whole": 0.1, "BOFT": 0.1}
"""Smaller than 0.3 where a change of that size makes the network amplify what is rounded."""


def file_of(kind: str, base: nn.Module, path: Path, prefix: str = "lora_unet_") -> Path:
    """A file of random numbers for every linear layer and convolution."""
    tensors: dict[str, Tensor] = {}
    for seed, (name, shape) in enumerate(diffusers_modules(base).items()):  # type: ignore[arg-type]
        for end, value in drawn(shape, FLAT[kind], seed, SIZES.get(kind, 0.3)).items():
            stored = value.half() if end == ".diff" else value
            tensors[prefix + name.replace(".", "_") + end] = stored
    save_file(tensors, path)
    return path


def merged(kind: str, base: nn.Module) -> dict[str, Tensor]:
    """All weights with the change of such a file by the formula."""
    found = dict(base.state_dict())
    for seed, (name, shape) in enumerate(diffusers_modules(base).items()):  # type: ignore[arg-type]
        given = drawn(shape, FLAT[kind], seed, SIZES.get(kind, 0.3))
        if ".diff" in given:
            given = {".diff": given[".diff"].half()}
        found[f"{name}.weight"] = changed(found[f"{name}.weight"], given).float()
    return found


@pytest.mark.parametrize("kind", FLAT)
def test_the_formula_on_every_layer(kind: str, base: Any, tmp_path: Path) -> None:
    q = question()
    own = dict(base.state_dict())
    plain = they_asked(base, q)
    base.load_state_dict(merged(kind, base), assign=True)
    wanted = they_asked(base, q)
    base.load_state_dict(own, assign=True)
    base.requires_grad_(False)
    unet = ours(base)
    apply_adapter(file_of(kind, base, tmp_path / "a.safetensors"), 1.0, unet, Target.UNET)
    same(kind, asked(unet, q), wanted, plain)


ATTENTION = r".*attentions.*(to_q|to_k|to_v|to_out\.0|proj|net\.2|proj_in|proj_out)|.*conv1"
PEFT = {
    "PEFT LoRA": lambda: peft.LoraConfig(r=4, lora_alpha=4, target_modules=ATTENTION),
    "PEFT DoRA": lambda: peft.LoraConfig(
        r=4, lora_alpha=4, use_dora=True, target_modules=ATTENTION
    ),
    "PEFT LoHa": lambda: peft.LoHaConfig(
        r=4, alpha=4, use_effective_conv2d=True, target_modules=ATTENTION
    ),
    "PEFT LoKr": lambda: peft.LoKrConfig(
        r=4, alpha=4, decompose_both=True, use_effective_conv2d=True, target_modules=ATTENTION
    ),
}


@pytest.mark.parametrize("kind", PEFT)
def test_pefts_own_passes(kind: str, base: Any, tmp_path: Path) -> None:
    """Its layers compute beside the model's; ours are changed by the file that it saves."""
    q, plain = question(), they_asked(base, question())
    model = peft.get_peft_model(base, PEFT[kind]())
    made = torch.Generator().manual_seed(3)
    for name, value in model.named_parameters():
        if value.requires_grad and "magnitude" in name:
            value.data *= 1 + 0.1 * torch.rand(value.shape, generator=made)
        elif value.requires_grad:
            value.data = 0.1 * torch.randn(value.shape, generator=made)
    path = tmp_path / "a.safetensors"
    save_file({n: t.contiguous() for n, t in peft.get_peft_model_state_dict(model).items()}, path)
    wanted = they_asked(model.base_model.model.eval(), q)
    bare = model.unload()
    bare.requires_grad_(False)
    assert torch.equal(they_asked(bare, q), plain)
    unet = ours(bare)
    apply_adapter(path, 1.0, unet, Target.UNET)
    same(kind, asked(unet, q), wanted, plain)


def digest(module: nn.Module) -> str:
    """Of all bits of all weights."""
    total = hashlib.blake2b()
    for _, parameter in sorted(module.named_parameters()):
        total.update(plain(parameter.data).contiguous().numpy().data)
    return total.hexdigest()


def test_laws(tmp_path: Path) -> None:
    path, reference = tmp_path / "unet.safetensors", theirs()
    save_file({n: t.half() for n, t in reference.state_dict().items()}, path)
    one, two = (
        WeightsFile(str(file_of(kind, reference, tmp_path / f"{kind}.safetensors")), kind)
        for kind in ("LoRA", "OFT")
    )
    del reference
    model, residency = open_model(path, "base"), Residency(budget=9_000_000_000)
    unet, q = residency.unet(model), question()
    before, answer = digest(unet), asked(unet, q)
    with_one = model_with_adapter(model, one, 0.7)
    with_two = model_with_adapter(model, two, 1.0)
    for recipe in (model_with_adapter(with_one, two, 1.0), with_two,
                   model_with_adapter(with_two, one, 0.7)):  # fmt: skip
        assert relative_l2(asked(residency.unet(recipe), q), answer) > 1e-3
        assert residency.unet(model) is unet
        assert digest(unet) == before and torch.equal(asked(unet, q), answer)
    assert model_with_adapter(model, one, 0.0) == model
    half, whole = AdapterPatch(one, 0.5), AdapterPatch(one, 1.0)
    once = dict(residency.unet(replace(model, patches=(whole,))).named_parameters())
    twice = residency.unet(replace(model, patches=(half, half)))
    for name, weight in twice.named_parameters():
        one, two = plain(once[name].data), plain(weight.data)
        assert (two - one).norm() <= 1e-6 * one.norm(), name
