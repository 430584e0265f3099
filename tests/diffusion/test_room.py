"""Memory that passes from weights that were let go to those that take their place."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from nodeflow.diffusion.adapters.patch import AdapterPatch
from nodeflow.diffusion.checkpoint.open import open_checkpoint
from nodeflow.diffusion.recipe import WeightsFile
from nodeflow.diffusion.residency import Residency, shared_copy
from nodeflow.diffusion.room import SMALLEST, Room

MODELS = Path(__file__).parents[2] / "nodeflow/models"
EMBEDDED = MODELS / "checkpoints/tiny-emoji.safetensors"
LORA = WeightsFile(str(MODELS / "loras/tiny-flat.safetensors"), "flat")
WEIGHT = torch.empty(SMALLEST // 4, 2)


def test_memory_is_used_again_once_nothing_refers_to_it() -> None:
    room = Room()
    first, second = room.like(WEIGHT), room.like(WEIGHT)
    places = {first.data_ptr(), second.data_ptr()}
    view = second[1:].t()
    with room.kept():
        del first, second
        third, fourth = room.like(WEIGHT), room.like(WEIGHT)
        assert third.data_ptr() in places and fourth.data_ptr() not in places
        del view
        assert room.like(WEIGHT).data_ptr() in places - {third.data_ptr()}
    assert third.shape == WEIGHT.shape and third.dtype is WEIGHT.dtype


def test_nothing_waits_outside() -> None:
    room = Room()
    held = room.like(WEIGHT)
    del held
    with room.kept():
        assert not room._free
        held = room.like(WEIGHT)
        with room.kept():
            del held
        assert room._free  # the outer one may still want it
    assert not room._free


@pytest.mark.parametrize("weight", [torch.empty(3), torch.empty(4, 4, dtype=torch.float16)])
def test_small_weights_come_from_torch(weight: Tensor) -> None:
    made = Room().like(weight)
    assert made.shape == weight.shape and made.dtype == weight.dtype


def test_strengths_in_any_order_give_the_same_bits_and_leave_those_in_use_alone() -> None:
    opened = open_checkpoint(EMBEDDED, "print")

    def weights(residency: Residency, strength: float) -> dict[str, Tensor]:
        recipe = replace(opened.model, patches=(AdapterPatch(LORA, strength),))
        return {name: p.data for name, p in residency.unet(recipe).named_parameters()}

    residency = Residency()
    base = {n: p.data.clone() for n, p in residency.unet(opened.model).named_parameters()}
    in_use = weights(residency, 0.5)
    half = {name: weight.clone() for name, weight in in_use.items()}
    weights(residency, 1.0)
    for strength in (0.25, -1.0, 1.0):
        fresh = weights(Residency(), strength)
        again = weights(residency, strength)
        assert all(torch.equal(again[name], fresh[name]) for name in fresh)
    assert all(torch.equal(in_use[name], half[name]) for name in half)
    plain = dict(residency.unet(opened.model).named_parameters())
    assert all(torch.equal(plain[name], base[name]) for name in base)


def test_another_strength_takes_the_memory_of_the_last() -> None:
    opened = open_checkpoint(EMBEDDED, "print")
    residency = Residency()
    base = {id(p) for p in residency.unet(opened.model).parameters()}

    def places(strength: float) -> set[int]:
        recipe = replace(opened.model, patches=(AdapterPatch(LORA, strength),))
        own = [p for p in residency.unet(recipe).parameters() if id(p) not in base]
        return {p.data_ptr() for p in own if p.numel() * 4 >= SMALLEST}

    first = places(0.5)
    assert first and places(0.75) == first == places(1.5)


def test_a_shared_copy_has_the_tensors_and_parts_of_its_own() -> None:
    module = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 2)))
    twin = shared_copy(module)
    tensors = [*module.named_parameters(), *module.named_buffers()]
    assert [(n, id(t)) for n, t in tensors] == [
        (n, id(t)) for n, t in (*twin.named_parameters(), *twin.named_buffers())
    ]
    assert not {id(m) for m in module.modules()} & {id(m) for m in twin.modules()}
    weight = module[0].weight
    twin.get_submodule("0").register_parameter("weight", None)
    assert module[0].weight is weight
    twin.get_submodule("1").add_module("2", nn.ReLU())
    assert len(list(module[1].children())) == 2


def test_no_network_keeps_its_parts_twice() -> None:
    opened = open_checkpoint(EMBEDDED, "print")
    residency = Residency()
    networks: list[nn.Module] = [residency.unet(opened.model), residency.vae(opened.vae)]
    networks += residency.text_encoders(opened.clip).towers.values()
    for network in networks:
        for part in network.modules():
            beside = {k: v for k, v in vars(part).items() if k not in ("_modules", "_parameters")}
            found = [k for k, v in beside.items() if isinstance(v, nn.Module | nn.Parameter)]
            found += [
                k
                for k, v in beside.items()
                if isinstance(v, list | tuple | dict)
                and any(
                    isinstance(x, nn.Module) for x in (v.values() if isinstance(v, dict) else v)
                )
            ]
            assert not found, (
                f"{type(part).__name__} keeps {found}, which a shared copy would share"
            )
