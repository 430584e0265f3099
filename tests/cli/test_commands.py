"""The command line contract, with the embedded model."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from nodeflow.cli.main import main
from nodeflow.engine.torch_settings import PAGES, PRODUCTS
from tests.cli.calling import ROOT, Shell

WORKFLOW = "workflows/txt2img.yaml"
FAILING_PLUGIN = '''
from nodeflow.node import node
from nodeflow.values import Image


@node("FailLate", category="test")
def fail_late(image: Image) -> Image:
    """Fails when it runs."""
    raise ValueError("the lens is dirty")
'''


def test_the_main_job_then_nothing_to_do(shell: Shell) -> None:
    first = shell("run", "workflows/txt2img.yaml", "--json")
    assert first.code == 0, first.text
    made = json.loads(first.out)
    assert made["nodes"]["sampler"]["state"] == "ran"
    (file,) = made["outputs"]["save"]
    path = shell.folder / file
    before = path.read_bytes()
    with Image.open(path) as picture:
        assert picture.size == (128, 128)
        assert json.loads(picture.info["prompt"])["sampler"]["class_type"] == "KSampler"
        assert json.loads(picture.info["nodeflow"])["nodes"]["save"]["node"] == "SaveImage"
    second = json.loads(shell("run", "workflows/txt2img.yaml", "--json").out)
    assert {node["state"] for node in second["nodes"].values()} == {"cached"}
    assert second["outputs"] == made["outputs"]
    path.unlink()
    third = json.loads(shell("run", "workflows/txt2img.yaml", "--json").out)
    ran = [name for name, node in third["nodes"].items() if node["state"] == "ran"]
    assert ran == [] and "put back" in third["nodes"]["save"]["reason"]
    with Image.open(path) as again, Image.open(path) as _:
        assert path.read_bytes() == before
        assert again.size == (128, 128)


def test_an_edit_runs_only_what_depends_on_it(shell: Shell) -> None:
    assert shell("run", "workflows/txt2img.yaml", "--steps", "2").code == 0
    called = shell("run", "workflows/txt2img.yaml", "--steps", "2", "--set",
                   "save.filename_prefix=other", "--json")  # fmt: skip
    nodes = json.loads(called.out)["nodes"]
    assert [name for name, node in nodes.items() if node["state"] == "ran"] == ["save"]
    called = shell("run", "workflows/txt2img.yaml", "--steps", "2", "--prompt", "a cat", "--json")
    nodes = json.loads(called.out)["nodes"]
    ran = {n for n, node in nodes.items() if node["state"] == "ran"} - {"checkpoint"}
    assert ran == {"positive", "sampler", "image", "save"}
    assert nodes["positive"]["reason"].startswith("text changed from")


def test_comfyui_api_format_runs(shell: Shell) -> None:
    graph = {
        "3": {"class_type": "EmptyImage", "inputs": {"width": 32, "height": "16", "color": 255}},
        "7": {"class_type": "ImageInvert", "inputs": {"image": ["3", 0]}},
        "9": {"class_type": "SaveImage", "inputs": {"images": ["7", 0], "filename_prefix": "c"}},
    }
    shell.write("api.json", json.dumps(graph))
    called = shell("run", "api.json", "--json")
    assert called.code == 0, called.text
    (file,) = json.loads(called.out)["outputs"]["9"]
    with Image.open(shell.folder / file) as picture:
        assert picture.size == (32, 16) and picture.getpixel((0, 0)) == (255, 255, 0)


def test_a_failing_node_keeps_what_was_finished(shell: Shell) -> None:
    plugin = shell.write("plugins/broken.py", FAILING_PLUGIN)
    shell.write(
        "graph.yaml",
        "nodes:\n  blank: {node: EmptyImage, width: 64, height: 64}\n"
        "  bad: {node: FailLate, image: $blank}\n"
        "  lost: {node: SaveImage, images: $bad}\n"
        "  kept: {node: SaveImage, images: $blank}\n",
    )
    blocked = shell("run", "graph.yaml")
    assert blocked.code == 2 and "plugin allow plugins/broken.py" in blocked.err
    assert shell("plugin", "allow", "plugins/broken.py").code == 0
    failed = shell("run", "graph.yaml", "--json")
    assert failed.code == 3
    assert "node 'bad' (FailLate) failed: the lens is dirty" in failed.err
    made = json.loads(failed.out)
    assert made["nodes"]["lost"]["state"] == "skipped" and made["outputs"]["kept"]
    again = json.loads(shell("run", "graph.yaml", "--json").out)
    assert again["nodes"]["blank"]["state"] == "cached"
    plugin.write_text(FAILING_PLUGIN + "\n# changed\n")
    changed = shell("run", "graph.yaml")
    assert changed.code == 2 and "changed since it was allowed" in changed.err
    assert "broken.py" in shell("plugin", "list").out


def test_interrupt_exits_130_and_keeps_finished_nodes(shell: Shell) -> None:
    command = [sys.executable, "-m", "nodeflow", "run", "workflows/txt2img.yaml", "--steps", "5000"]
    process = subprocess.Popen(
        command, cwd=shell.folder, env=shell.environment(), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    cache = Path(shell.environment()["NODEFLOW_CACHE"]) / "v2"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and b"CLIPTextEncode" not in stored(cache):
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130 and "cancelled" in err and "Traceback" not in err
    again = json.loads(shell("run", "workflows/txt2img.yaml", "--steps", "1", "--json").out)
    assert again["nodes"]["positive"]["state"] == "cached"


def stored(cache: Path) -> bytes:
    """The index and its log, as bytes."""
    files = [cache / "index.sqlite", cache / "index.sqlite-wal"]
    return b"".join(file.read_bytes() for file in files if file.exists())


@pytest.mark.parametrize(
    "arguments",
    [("--help",), ("validate", "workflows/txt2img.yaml"), ("explain", "workflows/txt2img.yaml")],
)
def test_no_torch_where_none_is_needed(shell: Shell, arguments: tuple[str, ...]) -> None:
    code = (
        "import sys; from nodeflow.cli.main import main; code = main(sys.argv[1:]);"
        "print([m for m in ('torch', 'numpy', 'transformers', 'PIL') if m in sys.modules], code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, env=shell.environment(),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip().endswith("[] 0"), done.stdout


def test_a_cached_run_imports_no_torch(shell: Shell) -> None:
    assert shell("run", "workflows/txt2img.yaml", "--steps", "1", "--quiet").out == ""
    code = (
        "import sys; from nodeflow.cli.main import main; code = main(sys.argv[1:]);"
        "print('torch' in sys.modules, code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "run", "workflows/txt2img.yaml", "--steps", "1"],
        cwd=shell.folder, env=shell.environment(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip().endswith("False 0"), done.stdout


def test_nodes_cache_doctor(shell: Shell) -> None:
    listing = json.loads(shell("nodes", "--json").out)
    assert {"KSampler", "VAEDecode", "SaveImage"} <= {node["id"] for node in listing}
    one = json.loads(shell("nodes", "KSampler", "--json").out)
    steps = next(port for port in one["inputs"] if port["name"] == "steps")
    assert steps["default"] == 20 and (steps["min"], steps["max"]) == (1, 10000)
    assert "how many steps" in shell("nodes", "KSampler").out
    assert json.loads(shell("cache", "stats", "--json").out)["entries"] == 0
    shell("run", "workflows/txt2img.yaml", "--steps", "1")
    assert json.loads(shell("cache", "stats", "--json").out)["entries"] == 7
    assert json.loads(shell("cache", "clear", "--json").out) == {"cleared": 7}
    doctor = shell("doctor")
    assert doctor.code == 0 and "tiny-emoji.safetensors" in doctor.out


def test_progress_on_a_terminal(shell: Shell) -> None:
    """Bars appear on a terminal and nothing of them stays in what is printed."""
    parent, child = pty.openpty()
    command = [sys.executable, "-m", "nodeflow", "run", "workflows/txt2img.yaml", "--steps", "6"]
    process = subprocess.Popen(
        command, cwd=shell.folder, env={**shell.environment(), "TERM": "xterm", "COLUMNS": "100"},
        stdout=subprocess.PIPE, stderr=child,
    )  # fmt: skip
    os.close(child)
    seen = b""
    while True:
        try:
            block = os.read(parent, 4096)
        except OSError:
            break
        if not block:
            break
        seen += block
    out, _ = process.communicate(timeout=60)
    os.close(parent)
    assert process.returncode == 0
    assert b"sampler (KSampler)" in seen and b"/6" in seen
    assert out.decode().splitlines()[-1] == "save: output/txt2img_00001_.png"


def test_extra_model_paths_of_comfyui(shell: Shell) -> None:
    store = shell.folder / "store" / "sd"
    store.mkdir(parents=True)
    embedded = ROOT / "nodeflow/models/checkpoints/tiny-emoji.safetensors"
    (store / "other.safetensors").write_bytes(embedded.read_bytes())
    shell.write("extra_model_paths.yaml", "a111:\n  base_path: store\n  checkpoints: |\n    sd\n")
    first = shell("run", "workflows/txt2img.yaml", "--steps", "1", "--json")
    assert first.code == 0, first.text
    renamed = shell("run", "workflows/txt2img.yaml", "--steps", "1", "--set",
                    "checkpoint.ckpt_name=other", "--json")  # fmt: skip
    nodes = json.loads(renamed.out)["nodes"]
    assert {node["state"] for node in nodes.values()} == {"cached"}


def test_an_installed_package_adds_nodes(shell: Shell) -> None:
    site = shell.folder / "site"
    package = shell.write("site/flowers/__init__.py", "")
    shell.write("site/flowers/bloom.py", FAILING_PLUGIN.replace("FailLate", "Bloom"))
    shell.write(
        "site/flowers-1.0.dist-info/entry_points.txt", "[nodeflow.nodes]\nflowers = flowers\n"
    )
    shell.write("site/flowers-1.0.dist-info/METADATA", "Name: flowers\nVersion: 1.0\n")
    command = [sys.executable, "-m", "nodeflow", "nodes", "Bloom"]
    environment = {**shell.environment(), "PYTHONPATH": str(site)}

    def describe() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=shell.folder, env=environment, capture_output=True, text=True, check=False
        )

    blocked = describe()
    assert blocked.returncode == 2 and f"plugin allow {package.parent}" in blocked.stderr
    assert shell("plugin", "allow", str(package.parent)).code == 0
    assert "Fails when it runs" in describe().stdout


def test_an_input_may_be_called_like_the_start_of_an_option(shell: Shell) -> None:
    shell.write(
        "graph.yaml",
        "inputs: {model: $say.value}\nnodes:\n  say: {node: PrimitiveString, value: a}\n"
        "  show: {node: PreviewAny, source: $say}\n",
    )
    called = shell("run", "graph.yaml", "--model", "hello")
    assert called.code == 0 and called.out.splitlines()[-1] == "show: hello"


def test_a_picture_is_its_own_workflow(shell: Shell) -> None:
    shell.write("w.yaml", "nodes:\n  grey: {node: EmptyImage, width: 16, height: 16}\n"
                "  save: {node: SaveImage, images: $grey, filename_prefix: a}\n")  # fmt: skip
    assert shell("run", "w.yaml").code == 0
    again = shell("run", "output/a_00001_.png", "--json", "--out", "other", "--no-cache")
    assert again.code == 0 and (shell.folder / "other" / "a_00001_.png").is_file()
    first, second = ((shell.folder / f / "a_00001_.png").read_bytes() for f in ("output", "other"))
    assert first == second


def test_explain_says_what_would_run(shell: Shell) -> None:
    def explained(*options: str) -> dict[str, str]:
        called = shell("explain", "workflows/txt2img.yaml", "--steps", "1", "--json", *options)
        assert called.code == 0, called.text
        return {name: n["action"] for name, n in json.loads(called.out)["nodes"].items()}

    assert set(explained().values()) == {"run"}
    assert shell("run", "workflows/txt2img.yaml", "--steps", "1").code == 0
    assert set(explained().values()) == {"reuse"}
    ran = {name for name, action in explained("--prompt", "a cat").items() if action == "run"}
    assert ran == {"checkpoint", "positive", "sampler", "image", "save"}
    shown = shell("explain", "workflows/txt2img.yaml", "--steps", "1", "--prompt", "a cat")
    assert "text changed from" in shown.out and "5 of 7 nodes would run" in shown.out
    wrong = shell("explain", "workflows/txt2img.yaml", "--json", "--set", "checkpoint.ckpt_name=no")
    assert wrong.code == 2 and json.loads(wrong.out)["problems"][0]["code"] == "missing_file"


def test_torch_is_told_before_it_is_imported_unless_somebody_decided_otherwise(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, usual, other in ((PAGES, "1", "0"), (PRODUCTS, "AUTO,STRICT", "AVX2")):
        for given, wanted in ((None, usual), (other, other)):
            monkeypatch.delenv(name, raising=False)
            if given is not None:
                monkeypatch.setenv(name, given)
            assert main(["nodes", "KSampler"]) == 0
            assert os.environ[name] == wanted
