"""Adapters that are trained: they begin at the model, learn, and load again as a file."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from nodeflow.diffusion.adapters.held import HeldAdapterPatch, held
from nodeflow.diffusion.latent import Latent
from nodeflow.diffusion.packed import plain, unpack
from nodeflow.diffusion.recipe import Prediction
from nodeflow.diffusion.residency import residency_of, shared_copy
from nodeflow.diffusion.sampling.resident import schedule_of
from nodeflow.diffusion.schedule.discrete import stable_diffusion
from nodeflow.diffusion.training.adapter import (
    Examples,
    answer,
    attach,
    initial_adapter,
)
from nodeflow.diffusion.training.adapter_start import Algorithm
from nodeflow.node.context import RunContext
from nodeflow.node.folders import Folders, ModelRoot
from nodeflow.values.structured import decode, encode
from tests.nodes.test_behaviour import call


@pytest.fixture(scope="module")
def parts() -> tuple[RunContext, Any, Any]:
    context = RunContext()
    model, clip, _ = call("CheckpointLoaderSimple", "tiny-emoji", context)
    return context, model, call("CLIPTextEncode", "a red apple", clip, context)


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_an_adapter_begins_at_the_model(parts: Any, algorithm: Algorithm) -> None:
    context, model, prompt = parts
    unet = context.resources.get(*residency_of("cpu")).unet(model)
    x, t, text = torch.randn(1, 4, 8, 8), torch.tensor([500.0]), prompt[0].embedding
    own = shared_copy(unet)
    unpack(own)
    attach(own, initial_adapter(unet, algorithm, 4, seed=1))
    with torch.no_grad():
        assert torch.allclose(own(x, t, text), unet(x, t, text), atol=1e-5)
    assert "parametrizations" not in "".join(name for name, _ in unet.named_modules())


@pytest.mark.parametrize("algorithm", ["LoRA", "LoHa", "LoKr", "OFT"])
def test_it_learns_and_loads_again(parts: Any, algorithm: str, tmp_path: Path) -> None:
    context, model, prompt = parts
    made = torch.Generator().manual_seed(5)
    latent = Latent(torch.randn(2, 4, 8, 8, generator=made) * 3)
    with_lora, lora, losses, steps = call(
        "TrainLoraNode", model, latent, prompt, context, 2, 1, 12, 2e-3, 4, "AdamW", "MSE", 0,
        "fp32", "fp32", algorithm, False,
    )  # fmt: skip
    assert len(losses) == steps == 12 and sum(losses[-4:]) < 0.97 * sum(losses[:4])
    assert decode(encode(with_lora)) == with_lora and decode(encode(lora)) == lora

    (tmp_path / "loras").mkdir()
    folders = Folders(output=tmp_path, models=(ModelRoot.at(tmp_path),))
    into = RunContext(folders=folders)
    saved = call("SaveLoRANode", lora, into, "loras/learnt", steps)
    assert saved.files[0].path == "loras/learnt_12_steps_00001_.safetensors"
    assert set(load_file(tmp_path / saved.files[0].path)) == set(lora.tensors)
    loaded = call("LoraLoaderModelOnly", model, "learnt_12_steps_00001_", into, 1.0)
    residency = context.resources.get(*residency_of("cpu"))
    held_weights, file_weights, base = (
        {name: plain(weight) for name, weight in residency.unet(recipe).named_parameters()}
        for recipe in (with_lora, loaded, model)
    )
    assert all(torch.equal(held_weights[n], file_weights[n]) for n in base)
    assert any(not torch.equal(held_weights[n], base[n]) for n in base)


def test_recomputing_changes_no_gradient(parts: Any) -> None:
    context, model, prompt = parts
    latent = Latent(torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1)))
    found = [
        call(
            "TrainLoraNode", model, latent, prompt, context, 1, 2, 3, 1e-3, 2, "SGD", "Huber", 4,
            "fp32", "fp32", "LoRA", recompute,
        )
        for recompute in (False, True)
    ]  # fmt: skip
    assert found[0][2] == pytest.approx(found[1][2], rel=1e-5)
    for name, tensor in found[0][1].tensors.items():
        assert torch.allclose(tensor, found[1][1].tensors[name], atol=1e-6)


def test_going_on_with_an_adapter_and_one_prompt_a_latent(parts: Any, tmp_path: Path) -> None:
    _, model, prompt = parts
    (tmp_path / "loras").mkdir()
    folders = Folders(output=tmp_path, models=(ModelRoot.at(tmp_path),))
    into = RunContext(folders=folders)
    latent = Latent(torch.randn(2, 4, 8, 8))
    first = call("TrainLoraNode", model, latent, prompt, into, 1, 1, 1, 1e-3, 2)
    call("SaveLoRANode", first[1], into, "loras/first")
    again = call(
        "TrainLoraNode", model, latent, (*prompt, *prompt), into, 1, 1, 1, 1e-3, 64, "AdamW",
        "MSE", 0, "bf16", "bf16", "LoRA", True, "first_00001_",
    )  # fmt: skip
    shapes = {name: tensor.shape for name, tensor in first[1].tensors.items()}
    assert {name: tensor.shape for name, tensor in again[1].tensors.items()} == shapes
    with pytest.raises(ValueError, match="3 prompts for 2 latents"):
        call("TrainLoraNode", model, latent, (*prompt,) * 3, into)


@pytest.mark.parametrize("prediction", [Prediction.EPS, Prediction.V, Prediction.X0])
def test_the_target_is_what_the_sampler_takes_it_for(prediction: Prediction) -> None:
    """A network that says the target denoises to the clean latent."""
    from nodeflow.diffusion.sampling.model import DenoisingModel

    schedule, clean = stable_diffusion(), torch.randn(3, 4, 8, 8)
    seen: list[torch.Tensor] = []

    def network(x: torch.Tensor, t: torch.Tensor, *rest: object) -> torch.Tensor:
        seen.extend((x, t))
        return torch.zeros_like(x)

    made = torch.Generator().manual_seed(2)
    batch = Examples(clean, torch.zeros(1, 7, 8))
    _, target = answer(network, prediction, schedule, batch, made)  # type: ignore[arg-type]
    model = DenoisingModel(network, prediction, schedule)  # type: ignore[arg-type]
    for image, (x, t) in enumerate(zip(*seen, strict=True)):
        sigma = float(schedule.sigma(t))
        noisy = x * (sigma**2 + 1) ** 0.5
        found = model.denoised(noisy[None], sigma, target[image : image + 1])
        assert torch.allclose(found[0], clean[image], atol=2e-3)


@pytest.mark.parametrize("prediction", [Prediction.EDM, Prediction.FLOW, Prediction.IMG_TO_IMG])
def test_what_cannot_be_taught_is_refused(prediction: Prediction) -> None:
    batch = Examples(torch.randn(1, 4, 8, 8), torch.zeros(1, 7, 8))

    def network(x: torch.Tensor, *rest: object) -> torch.Tensor:
        return x

    with pytest.raises(ValueError, match=f"set to '{prediction}'"):
        answer(network, prediction, stable_diffusion(), batch, torch.Generator())  # type: ignore[arg-type]


def test_equal_content_is_an_equal_value(parts: Any) -> None:
    _, model, _ = parts
    one, two = ({"a.diff": torch.full((2,), 1.5)} for _ in range(2))
    assert held(one) == held(two) and hash(held(one)) == hash(held(two))
    assert held(one) != held({"a.diff": torch.full((2,), 2.5)})
    assert HeldAdapterPatch(held(one), 1.0) == HeldAdapterPatch(held(two), 1.0)
    assert schedule_of(model).sigmas.shape == (1000,)
