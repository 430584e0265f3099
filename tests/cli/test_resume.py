"""`run`, killed in the middle of sampling and called again."""

import signal
import subprocess
import sys
import time
from pathlib import Path

from PIL import Image

from tests.cli.calling import ROOT, Shell

STEPS = 60


def picture(folder: Path) -> bytes:
    """The pixels of the one picture in a folder."""
    (path,) = folder.glob("*.png")
    with Image.open(path) as opened:
        return opened.tobytes()


def test_run_goes_on_after_kill_9(shell: Shell) -> None:
    workflow = str(ROOT / "workflows" / "txt2img.yaml")
    same = ["--set", f"sampler.steps={STEPS}", "--set", "sampler.sampler_name=dpmpp_2m_sde"]
    cache = Path(shell.environment()["NODEFLOW_CACHE"])
    command = [sys.executable, "-m", "nodeflow", "run", workflow, *same, "--out", "killed"]
    process = subprocess.Popen(command, cwd=shell.folder, env=shell.environment())
    deadline = time.monotonic() + 120
    while len(list(cache.rglob("steps/??/*"))) < 5:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL

    kept = len([p for p in cache.rglob("steps/??/*") if p.suffix != ".partial"])
    assert kept < STEPS, "it was over before it could be killed"
    resumed = shell("run", workflow, *same, "--out", "killed", "--explain")
    assert f"{kept} of {STEPS} model calls from recordings" in resumed.out
    assert not [p for p in cache.rglob("steps/??/*") if p.suffix != ".partial"]

    shell("run", workflow, *same, "--out", "whole", "--no-cache")
    assert picture(shell.folder / "killed") == picture(shell.folder / "whole")
