"""The device and host tiers, with texts that stand for tensors on a device."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nodeflow.diffusion.latent import Latent
from nodeflow.engine.memory_cache import MemoryCache, Value
from nodeflow.values.placement import OVERHEAD, Footprint, footprint, map_tensors, to_host


def fake_footprint(value: Value) -> Footprint:
    """`("device", n)` takes n bytes of a device, `("host", n)` n bytes of the host."""
    assert isinstance(value, tuple)
    size = value[1]
    assert isinstance(size, int)
    return Footprint(0, size) if value[0] == "device" else Footprint(size, 0)


def fake_to_host(value: Value) -> Value:
    assert isinstance(value, tuple)
    return ("host", value[1])


def cache(host: int, device: int) -> MemoryCache:
    return MemoryCache(host, device, fake_footprint, fake_to_host)


def test_from_the_device_to_the_host_and_from_there_away() -> None:
    memory = cache(host=100, device=100)
    memory.put("a", "A", ("device", 80), 1.0)
    memory.put("b", "B", ("device", 80), 2.0)
    assert memory.get("a") == ("host", 80) and memory.get("b") == ("device", 80)
    held = memory.look("a")
    assert held is not None and held.tier == "host" and held.type == "A"
    memory.put("c", "C", ("device", 80), 50.0)
    assert memory.get("c") == ("device", 80)
    assert [memory.get(key) is None for key in "ab"].count(True) == 1
    assert memory.usage() == Footprint(80, 80)


def test_what_exceeds_a_budget_alone_is_not_kept() -> None:
    memory = cache(host=100, device=100)
    memory.put("small", "A", ("host", 50), 1.0)
    memory.put("large", "A", ("host", 101), 0.5)
    memory.put("huge", "A", ("device", 1000), 1000.0)
    assert memory.get("large") is None and memory.get("huge") is None
    assert memory.get("small") is not None


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("abcdefgh"), st.sampled_from(["device", "host"]), st.integers(0, 150),
            st.floats(0, 10), st.booleans(),
        ),
        max_size=40,
    )
)  # fmt: skip
def test_the_budgets_are_hard(history: list[tuple[str, str, int, float, bool]]) -> None:
    memory = cache(host=200, device=120)
    latest: dict[str, int] = {}
    for key, where, size, seconds, look in history:
        memory.put(key, "T", (where, size), seconds)
        latest[key] = size
        used = memory.usage()
        assert used.host <= 200 and used.device <= 120
        assert sum(size for _, size in memory.holdings()) == used.host + used.device
        if look:
            for other, size in latest.items():
                value = memory.get(other)
                assert value is None or (isinstance(value, tuple) and value[1] == size)


def test_a_view_counts_as_what_it_keeps_alive() -> None:
    whole = torch.zeros(1000)
    assert footprint((whole[:1],)) == Footprint(4000 + OVERHEAD, 0)
    assert footprint((whole, whole[5:])) == Footprint(4000 + OVERHEAD, 0)
    assert footprint(("x" * 5000,)).host == 5000 + OVERHEAD


def test_tensors_are_moved_inside_every_value() -> None:
    value = (Latent(torch.ones(1, 4, 2, 2)), [torch.ones(2)], {"a": torch.ones(1)}, "text")
    moved = map_tensors(value, lambda tensor: tensor + 1)
    assert float(moved[0].samples.sum()) == 32 and float(moved[1][0].sum()) == 4
    assert float(moved[2]["a"]) == 2 and moved[3] == "text"
    assert torch.equal(to_host(value)[0].samples, value[0].samples)


@pytest.mark.gpu
def test_on_a_real_device() -> None:
    memory = MemoryCache(budget=100_000, device_budget=5000)
    memory.put("a", "A", (torch.ones(1000, device="cuda"),), 1.0)
    memory.put("b", "B", (torch.ones(1000, device="cuda"),), 2.0)
    first, second = memory.get("a"), memory.get("b")
    assert isinstance(first, tuple) and isinstance(second, tuple)
    assert first[0].device.type == "cpu" and second[0].device.type == "cuda"  # type: ignore[attr-defined]
    assert float(first[0].sum()) == 1000  # type: ignore[attr-defined]
