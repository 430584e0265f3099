"""Calls side by side: one core each, and nothing changes for anybody else."""

from collections.abc import Iterator

import pytest
import torch

from nodeflow.diffusion.sampling.evaluate import even
from nodeflow.diffusion.sampling.shares import Shares


@pytest.fixture(autouse=True)
def three_threads() -> Iterator[None]:
    """Three cores, whatever this machine has."""
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def test_each_call_has_one_core_and_the_caller_keeps_its_own() -> None:
    shares = Shares()
    for _ in range(3):
        assert shares.run([torch.get_num_threads] * 3) == [1, 1, 1]
        assert shares.count == torch.get_num_threads() == 3
    assert shares.run([torch.get_num_threads]) == [3]


def test_they_compute_without_gradients() -> None:
    weight = torch.ones(2, requires_grad=True)
    assert not any(shared.requires_grad for shared in Shares().run([lambda: weight * 2] * 2))


def test_an_error_reaches_the_caller() -> None:
    def fail() -> int:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        Shares().run([lambda: 1, fail])


@pytest.mark.parametrize(("length", "count", "sizes"), [
    (16, 2, [8, 8]), (7, 3, [2, 2, 3]), (3, 2, [3]), (1, 4, [1]), (4, 8, [2, 2]),
])  # fmt: skip
def test_members_are_split_evenly_but_not_too_far(
    length: int, count: int, sizes: list[int]
) -> None:
    parts = even(list(range(length)), count)
    assert [len(part) for part in parts] == sizes
    assert [member for part in parts for member in part] == list(range(length))
