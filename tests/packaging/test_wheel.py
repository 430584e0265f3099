"""The wheel holds all that the main job needs: built, installed, run from an empty folder."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(600)
def test_the_wheel_runs_the_main_job(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", str(tmp_path), "."]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    home = tmp_path / "environment"
    venv.create(home, with_pip=True, symlinks=True)
    python = home / "bin" / "python"
    # The heavy dependencies come from this environment; the package itself only from the wheel.
    purelib = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    paths = [p for p in sys.path if p.endswith("-packages")]
    (Path(purelib) / "dependencies.pth").write_text("\n".join(paths) + "\n")
    install = [python, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--force-reinstall"]
    subprocess.run([*install, str(wheel)], check=True, capture_output=True)
    empty = tmp_path / "empty"
    empty.mkdir()
    environment = {
        **{k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
        "NODEFLOW_CACHE": str(tmp_path / "cache"),
        "NODEFLOW_CONFIG": str(tmp_path / "config"),
    }
    where = subprocess.run(
        [python, "-c", "import nodeflow; print(nodeflow.__file__)"],
        cwd=empty, env=environment, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert str(home) in where.stdout
    done = subprocess.run(
        [python, "-m", "nodeflow", "run", "workflows/txt2img.yaml"],
        cwd=empty, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (empty / "output" / "txt2img_00001_.png").stat().st_size > 5_000
