"""What is found without computing: families that do not fit, missing pictures, sizes, estimates."""

import json
from pathlib import Path

import pytest

from tests.cli.calling import ROOT, Shell
from tests.diffusion.control.published import (
    control_lora,
    control_net,
    t2i_adapter,
    union_control_net,
)
from tests.diffusion.gligen.test_gligen import published as gligen_file
from tests.diffusion.ip_adapter.published import FILES
from tests.diffusion.photomaker.test_photomaker import vit_l
from tests.diffusion.published import openclip_vision, single_files, under
from tests.diffusion.test_families import sparse

GRAPH = (ROOT / "workflows" / "txt2img.yaml").read_text(encoding="utf-8")
LORA = "{node: LoraLoader, model: $checkpoint.MODEL, clip: $checkpoint.CLIP, lora_name: style}"
WITH_LORA = """
nodeflow: 1
nodes:
  checkpoint: {node: CheckpointLoaderSimple, ckpt_name: base}
  lora: {node: LoraLoader, model: $checkpoint.MODEL, clip: $checkpoint.CLIP, lora_name: style}
  prompt: {node: CLIPTextEncode, clip: $lora.CLIP, text: a cat}
  canvas: {node: EmptyLatentImage, width: 516, height: 512}
  sampler: {node: KSampler, model: $lora.MODEL, positive: $prompt, negative: $prompt,
            latent_image: $canvas}
  image: {node: VAEDecode, samples: $sampler, vae: $checkpoint.VAE}
  save: {node: SaveImage, images: $image}
"""
CONTROLS = {
    "control net": (control_net("SD1"), "SD1", "768"),
    "control net for SDXL": (control_net("SDXL"), "SDXL", "2,048"),
    "union": (union_control_net(), "SDXL", "2,048"),
    "Control-LoRA": (control_lora(), "SDXL", "2,048"),
    "T2I adapter": (t2i_adapter(64), "SD1", "768 or 1,024"),
    "T2I adapter for SDXL": (t2i_adapter(256), "SDXL", "2,048"),
}


@pytest.fixture
def models(shell: Shell) -> Path:
    """Folders for models of published sizes."""
    for kind in ("checkpoints", "loras"):
        (shell.folder / "models" / kind).mkdir(parents=True)
    return shell.folder / "models"


def lora(path: Path, width: int) -> None:
    stem = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k"
    sparse(path, {f"{stem}.lora_up.weight": (640, 4), f"{stem}.lora_down.weight": (4, width)})


def test_a_lora_for_another_family(shell: Shell, models: Path) -> None:
    sparse(models / "checkpoints" / "base.safetensors", single_files()["SD1"])
    lora(models / "loras" / "style.safetensors", 2048)
    shell.write("graph.yaml", WITH_LORA)
    found = shell("validate", "graph.yaml")
    assert found.code == 2
    for part in ("graph.yaml:5:", "'lora'", "'lora_name'", "2,048", "768", "Stable Diffusion 1"):
        assert part in found.err
    lora(models / "loras" / "style.safetensors", 768)
    fits = shell("validate", "graph.yaml")
    assert fits.code == 0 and "canvas.width: 516 is no multiple of 8" in fits.out
    assert "512 or 520" in fits.out
    at_zero = WITH_LORA.replace("lora_name: style", "lora_name: style, strength_model: 0")
    lora(models / "loras" / "style.safetensors", 2048)
    shell.write("graph.yaml", at_zero)
    assert shell("validate", "graph.yaml").code == 0


WITH_HOOK = """
nodeflow: 1
nodes:
  checkpoint: {node: CheckpointLoaderSimple, ckpt_name: base}
  hook: {node: CreateHookLora, lora_name: style}
  timed: {node: SetHookKeyframes, hooks: $hook}
  clip: {node: SetClipHooks, clip: $checkpoint.CLIP, hooks: $timed}
  prompt: {node: CLIPTextEncode, clip: $checkpoint.CLIP, text: a cat}
  pair: {node: PairConditioningSetProperties, positive_NEW: $prompt, negative_NEW: $prompt,
         hooks: $timed}
  canvas: {node: EmptyLatentImage, width: 512, height: 512}
  sampler: {node: KSampler, model: $checkpoint.MODEL, positive: $pair.positive,
            negative: $pair.negative, latent_image: $canvas}
  image: {node: VAEDecode, samples: $sampler, vae: $checkpoint.VAE}
  save: {node: SaveImage, images: $image}
"""


def test_a_hook_for_another_family(shell: Shell, models: Path) -> None:
    sparse(models / "checkpoints" / "base.safetensors", single_files()["SD1"])
    lora(models / "loras" / "style.safetensors", 2048)
    shell.write("graph.yaml", WITH_HOOK)
    found = shell("validate", "graph.yaml")
    assert found.code == 2
    for part in ("graph.yaml:7:", "graph.yaml:10:", "'pair'", "'clip'", "'hooks'", "2,048", "768"):
        assert part in found.err
    lora(models / "loras" / "style.safetensors", 768)
    assert shell("validate", "graph.yaml").code == 0
    sparse(models / "checkpoints" / "wide.safetensors", single_files()["SDXL"])
    whole = WITH_HOOK.replace(
        "CreateHookLora, lora_name: style", "CreateHookModelAsLora, ckpt_name: wide"
    )
    shell.write("graph.yaml", whole)
    found = shell("validate", "graph.yaml")
    assert found.code == 2 and "'wide' is for models that read text 2,048" in found.err


MIXED = """
nodeflow: 1
nodes:
  base: {node: CheckpointLoaderSimple, ckpt_name: base}
  other: {node: CheckpointLoaderSimple, ckpt_name: other}
  models: {node: ModelMergeSimple, model1: $base.MODEL, model2: $other.MODEL}
  texts: {node: CLIPMergeAdd, clip1: $base.CLIP, clip2: $other.CLIP}
  vaes: {node: VAEMergeSimple, vae1: $base.VAE, vae2: $other.VAE}
  save: {node: CheckpointSave, model: $models, clip: $texts, vae: $vaes}
"""


def test_models_of_two_families_are_not_mixed(shell: Shell, models: Path) -> None:
    shell.write("graph.yaml", MIXED)
    refused = {"SDXL": ["model2", "clip2", "vae2"], "SD2": ["model2", "clip2"], "SD1": []}
    sparse(models / "checkpoints" / "base.safetensors", single_files()["SD1"])
    for family, inputs in refused.items():
        sparse(models / "checkpoints" / "other.safetensors", single_files()[family])
        found = shell("validate", "graph.yaml")
        assert (found.code, found.err.count("Stable Diffusion 1")) == (
            2 if inputs else 0,
            2 * len(inputs),
        )
        assert all(f"'{name}'" in found.err for name in inputs)


def test_a_lora_named_in_a_prompt_for_another_family(shell: Shell, models: Path) -> None:
    sparse(models / "checkpoints" / "base.safetensors", single_files()["SD1"])
    lora(models / "loras" / "style.safetensors", 2048)
    named = WITH_LORA.replace("node: LoraLoader", "node: LoraTags")
    shell.write("graph.yaml", named.replace("lora_name: style", 'text: "<lora:style:0.5>"'))
    found = shell("validate", "graph.yaml")
    assert found.code == 2
    for part in ("graph.yaml:5:", "'text'", "2,048", "768", "Stable Diffusion 1"):
        assert part in found.err
    lora(models / "loras" / "style.safetensors", 768)
    assert shell("validate", "graph.yaml").code == 0


def test_a_prompt_of_another_family(shell: Shell, models: Path) -> None:
    files = single_files()
    sparse(models / "checkpoints" / "one.safetensors", files["SD1"])
    sparse(models / "checkpoints" / "two.safetensors", files["SDXL"])
    graph = GRAPH.replace("tiny-emoji", "one").replace(
        "clip: $checkpoint.CLIP", "clip: $other.CLIP", 1
    )
    shell.write("graph.yaml", graph + "  other: {node: CheckpointLoaderSimple, ckpt_name: two}\n")
    found = shell("validate", "graph.yaml")
    assert found.code == 2 and "'positive'" in found.err and "2,048" in found.err


@pytest.mark.parametrize(
    ("kind", "code", "words"),
    [
        ("SD1 inpaint", 0, "9 channels"),
        ("SD1 pix2pix", 0, "8 channels"),
        ("SD2 depth", 2, "depth map"),
    ],
)
def test_models_that_want_a_picture(
    shell: Shell, models: Path, kind: str, code: int, words: str
) -> None:
    sparse(models / "checkpoints" / "one.safetensors", single_files()[kind])
    shell.write("graph.yaml", GRAPH.replace("tiny-emoji", "one"))
    found = shell("validate", "graph.yaml")
    assert found.code == code and words in found.text
    machine = json.loads(shell("validate", "graph.yaml", "--json").out)
    assert machine["valid"] is (code == 0)
    notes = machine["problems"] if code else machine["warnings"]
    assert [note["input"] for note in notes] == ["model"]


def test_estimates_go_with_the_work(shell: Shell) -> None:
    """After one run, twice the steps are said to take twice as long, four times the cells too."""
    shell.write("graph.yaml", GRAPH)
    small = ("--set", "canvas.width=64", "--set", "canvas.height=64", "--set", "sampler.steps=4")
    assert shell("run", "graph.yaml", *small, "--quiet").code == 0

    def seconds(*settings: str) -> float:
        asked = [part for setting in settings for part in ("--set", setting)]
        found = shell("explain", "graph.yaml", "--json", "--again", *small, *asked)
        sampler = json.loads(found.out)["nodes"]["sampler"]
        assert sampler["bytes"] is not None and sampler["seconds"] > 0
        return float(sampler["seconds"])

    once = seconds()
    assert seconds("sampler.steps=8") == pytest.approx(2 * once)
    assert seconds("canvas.width=128", "canvas.height=128") == pytest.approx(4 * once)
    assert seconds("sampler.cfg=1") == pytest.approx(once / 2)


def test_a_hypernetwork_for_another_family(shell: Shell, models: Path) -> None:
    sparse(models / "checkpoints" / "base.safetensors", single_files()["SD1"])
    graph = WITH_LORA.replace(
        LORA,
        "{node: HypernetworkLoader, model: $checkpoint.MODEL, hypernetwork_name: style}",
    ).replace("$lora.CLIP", "$checkpoint.CLIP")
    shell.write("graph.yaml", graph.replace("$lora.MODEL", "$lora"))
    (models / "hypernetworks").mkdir()

    def file(width: int) -> None:
        layers = {
            f"{w}.{part}.linear.{n}.{leaf}": (out, into) if leaf == "weight" else (out,)
            for w in (320, width)
            for part in (0, 1)
            for n, (out, into) in enumerate([(2 * w, w), (w, 2 * w)])
            for leaf in ("weight", "bias")
        }
        sparse(models / "hypernetworks" / "style.safetensors", layers)

    file(1024)
    found = shell("validate", "graph.yaml")
    assert found.code == 2
    for part in ("graph.yaml:5:", "'hypernetwork_name'", "1,024", "Stable Diffusion 1"):
        assert part in found.err
    file(768)
    assert shell("validate", "graph.yaml").code == 0


def test_an_ip_adapter_for_another_family(shell: Shell, models: Path) -> None:
    sparse(models / "checkpoints" / "base.safetensors", single_files()["SD1"])
    (models / "ipadapter").mkdir()
    (models / "clip_vision").mkdir()
    eyes = under("visual.", openclip_vision(1280, 5120, 32, 1024))
    sparse(models / "clip_vision" / "eyes.safetensors", eyes)
    graph = (
        WITH_LORA.replace(
            LORA,
            "{node: IPAdapterApply, model: $checkpoint.MODEL, ipadapter: $adapter, "
            "clip_vision: $eyes, image: $picture}",
        )
        .replace("$lora.CLIP", "$checkpoint.CLIP")
        .replace("$lora.MODEL", "$lora")
    )
    shell.write(
        "graph.yaml",
        graph + "  adapter: {node: IPAdapterModelLoader, ipadapter_file: looks}\n"
        "  eyes: {node: CLIPVisionLoader, clip_name: eyes}\n"
        "  picture: {node: EmptyImage}\n",
    )  # fmt: skip
    adapter = models / "ipadapter" / "looks.safetensors"
    sparse(adapter, FILES["ip-adapter_sdxl_vit-h"])
    found = shell("validate", "graph.yaml")
    assert found.code == 2
    for part in ("graph.yaml:5:", "'ipadapter'", "2,048", "768", "Stable Diffusion 1"):
        assert part in found.err
    sparse(adapter, FILES["ip-adapter_sd15"])
    assert shell("validate", "graph.yaml").code == 0


def test_boxes_for_another_family(shell: Shell, models: Path) -> None:
    sparse(models / "checkpoints" / "base.safetensors", single_files()["SD2"])
    (models / "gligen").mkdir()
    sparse(models / "gligen" / "boxes.safetensors", gligen_file())
    graph = WITH_LORA.replace(f"  lora: {LORA}\n", "").replace("$lora.", "$checkpoint.")
    shell.write(
        "graph.yaml",
        graph.replace("positive: $prompt", "positive: $boxed")
        + "  net: {node: GLIGENLoader, gligen_name: boxes}\n"
        "  boxed: {node: GLIGENTextBoxApply, conditioning_to: $prompt, clip: $checkpoint.CLIP,\n"
        "          gligen_textbox_model: $net, text: a cat}\n",
    )
    found = shell("validate", "graph.yaml")
    assert found.code == 2
    for part in ("'sampler'", "'positive'", "GLIGEN", "768", "1,024", "Stable Diffusion 2"):
        assert part in found.err
    sparse(models / "checkpoints" / "base.safetensors", single_files()["SD1"])
    assert shell("validate", "graph.yaml").code == 0


STEERED = (
    "  net: {node: ControlNetLoader, control_net_name: net}\n"
    "  picture: {node: EmptyImage}\n"
    "  steered: {node: ControlNetApplyAdvanced, positive: $prompt, negative: $prompt,\n"
    "            control_net: $net, image: $picture}\n"
)


@pytest.mark.parametrize("kind", CONTROLS)
def test_a_control_net_for_another_family(kind: str, shell: Shell, models: Path) -> None:
    shapes, family, text = CONTROLS[kind]
    other = "SDXL" if family == "SD1" else "SD1"
    (models / "controlnet").mkdir()
    sparse(models / "controlnet" / "net.safetensors", shapes)
    sparse(models / "checkpoints" / "base.safetensors", single_files()[other])
    graph = WITH_LORA.replace(f"  lora: {LORA}\n", "").replace("$lora.", "$checkpoint.")
    graph = graph.replace("positive: $prompt", "positive: $steered.positive") + STEERED
    shell.write("graph.yaml", graph)
    found = shell("validate", "graph.yaml")
    assert found.code == 2
    for part in ("'sampler'", "'positive'", "net.safetensors", text, "another family"):
        assert part in found.err
    shell.write("graph.yaml", graph.replace("image: $picture}", "image: $picture, strength: 0}"))
    assert shell("validate", "graph.yaml").code == 0
    shell.write("graph.yaml", graph)
    sparse(models / "checkpoints" / "base.safetensors", single_files()[family])
    assert shell("validate", "graph.yaml").code == 0


def test_photomaker_for_another_family(shell: Shell, models: Path) -> None:
    sparse(models / "checkpoints" / "base.safetensors", single_files()["SD1"])
    (models / "photomaker").mkdir()
    sparse(models / "photomaker" / "person.safetensors", vit_l())
    graph = WITH_LORA.replace(f"  lora: {LORA}\n", "").replace("$lora.", "$checkpoint.")
    shell.write(
        "graph.yaml",
        graph.replace("positive: $prompt", "positive: $person")
        + "  maker: {node: PhotoMakerLoader, photomaker_model_name: person}\n"
        "  picture: {node: EmptyImage}\n"
        "  person: {node: PhotoMakerEncode, photomaker: $maker, image: $picture,\n"
        "           clip: $checkpoint.CLIP, text: a man photomaker}\n",
    )
    found = shell("validate", "graph.yaml")
    assert found.code == 2
    for part in ("'person'", "'photomaker'", "2,048", "768", "SDXL"):
        assert part in found.err
