"""What a wrong input gets: file, line, node, input, what to do; exit 2 and no traceback."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from tests.cli.calling import ROOT, Shell

GRAPH = (ROOT / "workflows" / "txt2img.yaml").read_text(encoding="utf-8")


def edited(old: str, new: str) -> str:
    """The example workflow with one change."""
    assert old in GRAPH
    return GRAPH.replace(old, new)


CASES: dict[str, tuple[str, tuple[str, ...]]] = {
    "unknown node": (
        edited("node: KSampler", "node: KSampelr"),
        ("graph.yaml:14:3", "sampler", "KSampelr", "nearest: KSampler"),
    ),
    "missing input": (
        edited("    positive: $positive\n", ""),
        ("graph.yaml:14:3", "node 'sampler'", "input 'positive'", "missing", "$positive"),
    ),
    "unknown input": (
        edited("steps: 20", "stepz: 20"),
        ("graph.yaml:21:5", "node 'sampler'", "stepz", "nearest: steps"),
    ),
    "missing output": (
        edited("model: $checkpoint.MODEL", "model: $checkpoint.MODLE"),
        ("graph.yaml:16:5", "'sampler'", "'model'", "MODLE", "$checkpoint.MODEL"),
    ),
    "unknown reference": (
        edited("samples: $sampler,", "samples: $smapler,"),
        ("node 'image'", "input 'samples'", "smapler", "$sampler"),
    ),
    "wrong type": (
        edited("latent_image: $canvas", "latent_image: $image"),
        ("graph.yaml:19:5", "'sampler'", "'latent_image'", "IMAGE", "LATENT", "$canvas"),
    ),
    "cycle": (
        edited("latent_image: $canvas", "latent_image: $sampler"),
        ("'sampler'", "'latent_image'", "circle", "'sampler' needs 'sampler'"),
    ),
    "steps 0": (edited("steps: 20", "steps: 0"), ("graph.yaml:21:5", "'steps'", "from 1 to")),
    "width": (
        edited("width: 128", "width: 1000000000"),
        ("node 'canvas'", "input 'width'", "out of range", "16 to 16384"),
    ),
    "cfg NaN": (edited("cfg: 3.0", "cfg: .nan"), ("graph.yaml:22:5", "'cfg'", "finite")),
    "not a choice": (
        edited("sampler_name: dpmpp_2m", "sampler_name: dpmpp_2n"),
        ("'sampler_name'", "dpmpp_2n", "nearest: dpmpp_2m"),
    ),
    "no such checkpoint": (
        edited("ckpt_name: tiny-emoji", "ckpt_name: tiny-emojy"),
        ("graph.yaml:10:46", "'ckpt_name'", "tiny-emojy", "a file in", "nearest: tiny-emoji"),
    ),
    "a checkpoint outside its folder": (
        edited("ckpt_name: tiny-emoji", "ckpt_name: ../../../etc/passwd"),
        ("'ckpt_name'", "is not there"),
    ),
    "a prefix outside the output folder": (
        edited("filename_prefix: txt2img", "filename_prefix: ../../escape"),
        ("node 'save'", "'filename_prefix'", "output folder"),
    ),
    "several outputs": (
        edited("vae: $checkpoint.VAE", "vae: $checkpoint"),
        ("'vae'", "several outputs", "nearest: $checkpoint.VAE\n"),
    ),
    "no output": (
        "nodes:\n  canvas: {node: EmptyLatentImage}\n",
        ("nothing would run", "SaveImage"),
    ),
    "no nodes": ("name: nothing\n", ("there are no nodes",)),
    "not a mapping": ("- 1\n- 2\n", ("graph.yaml:1:1", "this is no workflow")),
    "syntax": ("nodes: {a: [1, 2\n", ("graph.yaml:2", "not valid YAML")),
    "duplicate": (
        "nodes:\n  a: {node: SolidMask}\n  a: {node: SolidMask}\n",
        ("graph.yaml:3:3", "'a' stands here twice"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_wrong_workflows(shell: Shell, name: str) -> None:
    text, wanted = CASES[name]
    shell.write("graph.yaml", text)
    called = shell("validate", "graph.yaml")
    assert called.code == 2, called.text
    for part in ("graph.yaml", *wanted):
        assert part in called.err, f"{part!r} is not in {called.err!r}"


def test_run_refuses_as_validate_does(shell: Shell) -> None:
    shell.write("graph.yaml", edited("steps: 20", "steps: 0"))
    called = shell("run", "graph.yaml")
    assert called.code == 2 and "'steps'" in called.err
    assert not (shell.folder / "output").exists()


def test_all_problems_at_once(shell: Shell) -> None:
    text = edited("steps: 20", "steps: 0").replace("cfg: 3.0", "cfg: many")
    shell.write("graph.yaml", text.replace("width: 128", "width: -1"))
    called = shell("validate", "graph.yaml", "--json")
    assert called.code == 2
    problems = json.loads(called.out)["problems"]
    assert {(p["node"], p["input"]) for p in problems} == {
        ("sampler", "steps"), ("sampler", "cfg"), ("canvas", "width"),
    }  # fmt: skip
    assert all(p["position"]["line"] > 1 for p in problems)


def test_alias_bomb(shell: Shell) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    shell.write("bomb.yaml", "\n".join(lines) + "\nnodes: {}\n")
    called = shell("validate", "bomb.yaml")
    assert called.code == 2 and "bomb.yaml" in called.err and "values" in called.err


def test_a_file_of_100_mb(shell: Shell) -> None:
    path = shell.folder / "large.yaml"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    called = shell("run", "large.yaml")
    assert called.code == 2 and "too large" in called.err


def test_a_file_that_is_not_there(shell: Shell) -> None:
    shell.write("graph.yaml", GRAPH)
    called = shell("run", "graf.yaml")
    assert called.code == 2 and "graph.yaml" in called.err


def header_file(folder: Path, name: str, content: bytes) -> None:
    """A model folder with one checkpoint."""
    path = folder / "models" / "checkpoints" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(content)


def sound_bytes() -> bytes:
    return (ROOT / "nodeflow/models/checkpoints/tiny-emoji.safetensors").read_bytes()


def lora_bytes() -> bytes:
    head = {"lora_unet_x.lora_up.weight": {"dtype": "F16", "shape": [2], "data_offsets": [0, 4]}}
    text = json.dumps(head).encode()
    return len(text).to_bytes(8, "little") + text + bytes(4)


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (sound_bytes()[:1_000_000], "truncated"),
        (b"these are just words, " * 100, "not a safetensors file"),
        (b"\x80\x02pickle", "pickled"),
        (lora_bytes(), "looks like a LoRA"),
    ],
    ids=["truncated", "words", "pickle", "lora"],
)
def test_unusable_checkpoints(shell: Shell, content: bytes, wanted: str) -> None:
    header_file(shell.folder, "mine.safetensors", content)
    shell.write("graph.yaml", edited("ckpt_name: tiny-emoji", "ckpt_name: mine"))
    called = shell("run", "graph.yaml")
    assert called.code == 2
    for part in ("graph.yaml:10:46", "node 'checkpoint'", "input 'ckpt_name'", wanted):
        assert part in called.err


def test_a_picture_that_is_none(shell: Shell) -> None:
    shell.write("input/cat.png", "not a picture")
    shell.write(
        "graph.yaml",
        "nodes:\n  load: {node: LoadImage, image: cat.png}\n"
        "  save: {node: SaveImage, images: $load.IMAGE}\n",
    )
    called = shell("run", "graph.yaml")
    assert called.code == 2
    for part in ("graph.yaml:2:27", "node 'load'", "input 'image'", "no picture"):
        assert part in called.err


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (b"these are just words, " * 100, "not a safetensors file"),
        (save({"weight": torch.zeros(2)}), "no latent (it holds 'weight' …)"),
        (save({"latent_tensor": torch.zeros(4, 8, 8)}), "shape [4, 8, 8], expected four"),
        (save({"latent_tensor": torch.zeros(1, 4, 8, 8)})[:-9], "truncated"),
    ],
    ids=["words", "weights", "three sides", "truncated"],
)
def test_a_latent_that_is_none(shell: Shell, content: bytes, wanted: str) -> None:
    shell.write("input/mine.safetensors", "").write_bytes(content)
    shell.write(
        "graph.yaml",
        "nodes:\n  load: {node: LoadLatent, latent: mine.safetensors}\n"
        "  save: {node: SaveLatent, samples: $load}\n",
    )
    called = shell("run", "graph.yaml")
    assert called.code == 2, called.text
    told = "graph.yaml:2:", "node 'load'", "input 'latent'", "'mine.safetensors'", "Save Latent"
    for part in (*told, wanted):
        assert part in called.err


def test_a_latent_of_a_name_that_was_computed(shell: Shell) -> None:
    shell.write("input/mine.safetensors", "").write_bytes(save({"weight": torch.zeros(2)}))
    shell.write(
        "graph.yaml",
        "nodes:\n  name: {node: PrimitiveString, value: mine.safetensors}\n"
        "  load: {node: LoadLatent, latent: $name}\n"
        "  save: {node: SaveLatent, samples: $load}\n",
    )
    called = shell("run", "graph.yaml")
    assert called.code == 3, called.text
    for part in ("node 'load'", "'mine.safetensors' cannot be used", "no latent"):
        assert part in called.err


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (("rnu", "x.yaml"), "did you mean run"),
        (("run", "graph.yaml", "--promt", "x"), "--prompt"),
        (("run", "graph.yaml", "--set", "sampler"), "NODE.INPUT=VALUE"),
        (("run", "graph.yaml", "--set", "smapler.steps=3"), "nearest: sampler"),
        (("run", "graph.yaml", "--device", "tpu"), "auto | cpu | cuda"),
        (("run", "graph.yaml", "--models", "nowhere"), "no such folder"),
        (("nodes", "KSampelr"), "nearest: KSampler"),
        (("plugin", "allow", "nothing.py"), "there is no Python file"),
        (("serve", "--no-token", "--host", "0.0.0.0"), "this machine only"),
    ],
)
def test_wrong_calls(shell: Shell, arguments: tuple[str, ...], wanted: str) -> None:
    shell.write("graph.yaml", GRAPH)
    called = shell(*arguments)
    assert called.code == 2 and wanted in called.err
