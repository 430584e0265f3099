"""Built-in nodes have the field's names, defaults, limits and outputs."""

from pathlib import Path

import pytest

from nodeflow.node.plugins import load_registry
from nodeflow.node.port import Choices, Range, wire_name
from nodeflow.node.spec import REQUIRED
from nodeflow.node.trust import TrustList
from tests.nodes.interface import INTERFACE

REGISTRY = load_registry([], TrustList(Path("nowhere.json")))


@pytest.mark.parametrize("id", INTERFACE)
def test_interface(id: str) -> None:
    spec = REGISTRY.get(id)
    assert spec is not None
    inputs, outputs = INTERFACE[id]
    found = {
        f"{port.name} {wire_name(port.type)}"
        + ("" if port.default is REQUIRED else f"={port.default}")
        for port in spec.inputs
    }
    assert found == set(inputs.split("; "))
    named = [
        o.name if o.name == wire_name(o.type) else f"{o.name} {wire_name(o.type)}"
        for o in spec.outputs
    ]
    assert ", ".join(named) == outputs
    assert spec.declaration.output == (outputs == "")


def test_limits_and_choices() -> None:
    sampler = REGISTRY.nodes["KSampler"]
    seed, name = sampler.input("seed"), sampler.input("sampler_name")
    assert seed is not None and seed.constraint(Range) == Range(0, 2**64 - 1, step=1)
    assert name is not None
    assert {"euler", "euler_ancestral", "heun", "dpm_2", "dpm_2_ancestral", "lms", "dpmpp_2m",
            "dpmpp_2s_ancestral", "dpmpp_sde", "dpmpp_2m_sde", "dpmpp_3m_sde", "ddim", "ddpm",
            "lcm", "uni_pc", "uni_pc_bh2"} <= set(name.constraint(Choices).values)  # fmt: skip
    from nodeflow.diffusion.samplers.registry import SAMPLERS
    from nodeflow.diffusion.schedule.schedulers import SCHEDULERS

    assert set(name.constraint(Choices).values) == set(SAMPLERS)
    scheduler = sampler.input("scheduler")
    assert scheduler is not None
    assert set(scheduler.constraint(Choices).values) == set(SCHEDULERS)


def test_every_built_in_is_listed_or_known() -> None:
    assert set(INTERFACE) <= set(REGISTRY.nodes)
