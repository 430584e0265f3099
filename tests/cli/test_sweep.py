"""`sweep` as a person calls it."""

import csv
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image

from nodeflow.cli.sweep_report import Table, write_sheet
from nodeflow.engine.run import RunResult
from nodeflow.graph.variants import Axis
from nodeflow.node.artifact import Artifacts, SavedFile
from nodeflow.node.folders import Folders
from tests.cli.calling import ROOT, Shell

WORKFLOW = str(ROOT / "workflows" / "txt2img.yaml")


def pixels(path: Path) -> bytes:
    """The content of a picture."""
    with Image.open(path) as opened:
        return opened.tobytes()


def test_a_sweep_of_seeds_and_cfgs(shell: Shell) -> None:
    call = ["sweep", WORKFLOW, "--vary", "seed=1..2", "--vary", "sampler.cfg=2,4,6"]
    short = ["--set", "sampler.steps=3"]
    done = shell(*call, *short, "--exact")
    assert done.code == 0, done.text
    # All cfgs of a seed begin with the same call: one for each of the seeds, five shared by them.
    assert "6 variants; 14 model calls, 4 more were known" in done.out
    output = shell.folder / "output"
    with (output / "sweep_00001_.csv").open() as table:
        rows = list(csv.DictReader(table))
    assert [(row["seed"], row["cfg"]) for row in rows] == [
        (seed, cfg) for seed in "12" for cfg in "246"
    ]
    with Image.open(output / "sweep_00001_.png") as grid:
        assert grid.width > 3 * 128 and grid.height > 2 * 128

    alone = shell("run", WORKFLOW, *short, "--seed", "2", "--cfg", "6", "--no-cache",
                  "--out", "alone")  # fmt: skip
    assert alone.code == 0, alone.text
    (picture,) = (shell.folder / "alone").glob("*.png")
    assert pixels(picture) == pixels(shell.folder / rows[-1]["files"])

    again = json.loads(shell(*call, *short, "--exact", "--json").out)
    assert again["model_calls"] == {"made": 0, "wanted": 0}
    assert [v["files"] for v in again["variants"]] == [[row["files"]] for row in rows]


def test_shared_calls_draw_nearly_the_same(shell: Shell) -> None:
    short = ["--set", "sampler.steps=3", "--no-cache", "--json"]
    call = ["sweep", WORKFLOW, "--vary", "sampler.seed=5,6", "--vary", "prompt=a cat,a dog"]
    fast = json.loads(shell(*call, *short, "--out", "fast").out)
    exact = json.loads(shell(*call, *short, "--out", "exact", "--exact").out)
    for one, other in zip(fast["variants"], exact["variants"], strict=True):
        a, b = (pixels(shell.folder / v["files"][0]) for v in (one, other))
        assert max(abs(x - y) for x, y in zip(a, b, strict=True)) <= 1


def test_wrong_calls_run_nothing(shell: Shell) -> None:
    for arguments, told in (
        (["--vary", "smapler.cfg=1,2"], "nearest: sampler.cfg"),
        (["--vary", "sampler.cfg=1,500"], "500 is out of range"),
        (["--vary", "sampler.cgf=1,2"], "nearest: cfg"),
        (["--vary", "seed=1..1000"], "at most 256"),
        ([], "nothing varies"),
    ):
        done = shell("sweep", WORKFLOW, *arguments)
        assert done.code == 2 and told in done.err, done.text
    assert not (shell.folder / "output").exists()


def test_sheets_written_side_by_side_have_their_own_names(tmp_path: Path) -> None:
    folders = Folders(output=tmp_path / "output")
    folders.output.mkdir()
    Image.new("RGB", (64, 64)).save(folders.output / "cat.png")
    made = {"save": Artifacts((SavedFile("cat.png", "output", "image/png", 0, ""),))}
    result = RunResult(made, {}, (), 0.0)

    def write(seed: int) -> Path | None:
        table = Table([Axis("sampler", "seed", (seed,))], [[seed]], [result], folders)
        return write_sheet(table, False, folders.output)

    with ThreadPoolExecutor(8) as pool:
        sheets = [path for path in pool.map(write, range(24)) if path is not None]
    assert {path.name for path in sheets} == {f"sweep_{n:05}_.png" for n in range(1, 25)}
    for seed, path in enumerate(sheets):
        assert path.exists()
        with path.with_suffix(".csv").open() as table:
            assert [row["seed"] for row in csv.DictReader(table)] == [str(seed)]
