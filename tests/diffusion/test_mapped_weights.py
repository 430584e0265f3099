"""Weights lie on the mapped file as long as somebody uses them, and no longer."""

import json
import struct
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from nodeflow.diffusion.checkpoint.header import CheckpointError
from nodeflow.diffusion.checkpoint.reader import WeightsReader

MEGABYTE = 1_000_000


def resident() -> float:
    """Megabytes of this process that are in memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / MEGABYTE


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight weights of 16 MB."""
    found = tmp_path_factory.mktemp("weights") / "w.safetensors"
    save_file({f"w{n}": torch.full((2048, 4096), n + 0.5).half() for n in range(8)}, found)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells what is resident")
def test_only_one_weight_at_a_time_is_there_twice(path: Path) -> None:
    before = resident()
    with WeightsReader(path) as reader:
        for n in range(8):
            assert float(reader.read(f"w{n}").max()) == n + 0.5
            assert resident() - before < 40
    assert resident() - before < 10


def test_a_weight_outlives_its_reader_and_is_not_copied(path: Path) -> None:
    with WeightsReader(path) as reader:
        one, again = reader.read("w3"), reader.read("w3")
        assert one.data_ptr() == again.data_ptr()
    del again
    assert torch.equal(one, torch.full_like(one, 3.5))
    one.zero_()
    with WeightsReader(path) as reader:
        assert float(reader.read("w3").max()) == 3.5


def write(path: Path, data: bytes, dtype: str, shape: list[int], start: int) -> None:
    """A file whose only weight begins `start` bytes into its data."""
    info = {"dtype": dtype, "shape": shape, "data_offsets": [start, len(data)]}
    gap = {"dtype": "U8", "shape": [start], "data_offsets": [0, start]}
    header = json.dumps({"a": gap, "w": info} if start else {"w": info}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + data)


@pytest.mark.parametrize("start", range(4))
def test_numbers_that_lie_askew(tmp_path: Path, start: int) -> None:
    numbers = torch.arange(6, dtype=torch.float32)
    path = tmp_path / "w.safetensors"
    write(path, bytes(start) + numbers.numpy().tobytes(), "F32", [2, 3], start)
    with WeightsReader(path) as reader:
        found = reader.read("w")
    assert torch.equal(found, numbers.reshape(2, 3)) and found.data_ptr() % 4 == 0


def test_a_file_that_shrinks_while_it_is_opened(tmp_path: Path, path: Path) -> None:
    whole = path.read_bytes()
    cut = tmp_path / "w.safetensors"
    cut.write_bytes(whole)
    reader = WeightsReader(cut)
    (tmp_path / "shorter").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "shorter").replace(cut)
    assert float(reader.read("w7").max()) == 7.5  # what was opened is still there
    with pytest.raises(CheckpointError):
        WeightsReader(cut)
