"""Equal keys mean equal bytes: other threads, folders and processes, the same results."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from nodeflow.engine.domain import NumericsDomain

ROOT = Path(__file__).parents[2]
GRAPH = ROOT / "workflows" / "txt2img.yaml"


def results(folder: Path, threads: int, sampler: str) -> dict[str, tuple[str, bytes]]:
    """Type and checksum of every kept result by key, after a run in a process and folder."""
    folder.mkdir()
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": str(threads),
        "NODEFLOW_CONFIG": str(folder / "config"), "NODEFLOW_CACHE": str(folder / "cache"),
    }  # fmt: skip
    settings = {"canvas.width": 72, "canvas.height": 96, "sampler.steps": 3,
                "sampler.sampler_name": sampler}  # fmt: skip
    sets = [part for name, value in settings.items() for part in ("--set", f"{name}={value}")]
    subprocess.run(
        [sys.executable, "-m", "nodeflow", "run", str(GRAPH), "--quiet", *sets],
        cwd=folder, env=environment, check=True, timeout=240,
    )  # fmt: skip
    (index,) = (folder / "cache").glob("v*/index.sqlite")
    with sqlite3.connect(index) as database:
        rows = database.execute("select key, type, checksum from results where type != 'file'")
        return {key: (kind, checksum) for key, kind, checksum in rows}


@pytest.mark.parametrize("sampler", ["dpmpp_2m", "dpmpp_sde"])
def test_one_and_two_threads_in_two_folders(tmp_path: Path, sampler: str) -> None:
    one, two = (results(tmp_path / str(n), n, sampler) for n in (1, 2))
    kinds = {kind for kind, _ in one.values()}
    assert {"CLIPTextEncode", "KSampler", "VAEDecode"} <= kinds
    assert one.keys() == two.keys()
    assert [kind for key, (kind, _) in one.items() if one[key] != two[key]] == []


def test_more_threads_have_keys_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {}
    for count in ("1", "2", "6"):
        monkeypatch.setenv("OMP_NUM_THREADS", count)
        found[count] = str(NumericsDomain.of("cpu"))
        assert str(NumericsDomain.of("cuda:1")) == str(NumericsDomain.of("cuda:0"))
    assert found["1"] == found["2"] != found["6"]


def test_where_products_are_not_strict_the_threads_are_in_the_domain(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = []
    for setting, count in (("AUTO,STRICT", "1"), ("AVX2", "1"), ("AVX2", "2")):
        monkeypatch.setenv("MKL_CBWR", setting)
        monkeypatch.setenv("OMP_NUM_THREADS", count)
        found.append(str(NumericsDomain.of("cpu")))
    assert len(set(found)) == 3
