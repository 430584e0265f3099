"""What weights cost in memory, and what changing them costs in time. Files of random weights with
published names and shapes are written into a temporary folder.

`python benchmarks/memory.py peak [sd15|sdxl]`: the peak of the whole process that encodes a text,
samples one step at 256 pixels and decodes, from an fp16 file.
`python benchmarks/memory.py adapters [sd15|sdxl]`: another strength of a LoRA beside reading the
checkpoint, and what two strengths hold beside one.
`python benchmarks/memory.py alternate`: 200 runs that alternate two models, three LoRAs or
none, and sizes, within a budget that does not hold all.
"""

import argparse
import ctypes
import gc
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from nodeflow.engine.torch_settings import settle
from tests.diffusion.published import single_files

FILES = {"sd15": "SD1", "sdxl": "SDXL"}
GRAPH = """
nodes:
  checkpoint: {node: CheckpointLoaderSimple, ckpt_name: full}
  text: {node: CLIPTextEncode, clip: $checkpoint.CLIP, text: a cat}
  canvas: {node: EmptyLatentImage, width: 256, height: 256}
  sampler: {node: KSampler, model: $checkpoint.MODEL, positive: $text, negative: $text,
            latent_image: $canvas, steps: 1, cfg: 7.0}
  image: {node: VAEDecode, samples: $sampler, vae: $checkpoint.VAE}
  save: {node: PreviewImage, images: $image}
"""
EMBEDDED = Path(__file__).parents[1] / "nodeflow/models/checkpoints/tiny-emoji.safetensors"
ALTERNATING = """
nodes:
  checkpoint: {node: CheckpointLoaderSimple, ckpt_name: one}
  lora: {node: LoraLoader, model: $checkpoint.MODEL, clip: $checkpoint.CLIP, lora_name: first}
  text: {node: CLIPTextEncode, clip: $lora.CLIP, text: a cat}
  canvas: {node: EmptyLatentImage, width: 128, height: 128}
  sampler: {node: KSampler, model: $lora.MODEL, positive: $text, negative: $text,
            latent_image: $canvas, steps: 1, cfg: 3.0}
  image: {node: VAEDecode, samples: $sampler, vae: $checkpoint.VAE}
  show: {node: PreviewImage, images: $image}
"""


def write_checkpoint(family: str, path: Path) -> None:
    """A single file of random fp16 weights."""
    import torch
    from safetensors.torch import save_file

    shapes = single_files()[FILES[family]]
    save_file({k: (torch.randn(s) * 0.02).half() for k, s in shapes.items()}, path)


def write_lora(layers: dict[str, tuple[int, int]], path: Path, rank: int = 16) -> None:
    """kohya's names for linear layers of these sizes, fp16."""
    import torch
    from safetensors.torch import save_file

    tensors = {}
    for stem, (out, into) in layers.items():
        tensors[f"{stem}.lora_up.weight"] = (torch.randn(out, rank) * 0.02).half()
        tensors[f"{stem}.lora_down.weight"] = (torch.randn(rank, into) * 0.02).half()
        tensors[f"{stem}.alpha"] = torch.tensor(float(rank))
    save_file(tensors, path)


def attention_layers(prefix: str, module: object) -> dict[str, tuple[int, int]]:
    """The linear layers within transformers, as trainers change them."""
    from torch import nn

    assert isinstance(module, nn.Module)
    return {
        prefix + name.replace(".", "_"): (layer.out_features, layer.in_features)
        for name, layer in module.named_modules()
        if isinstance(layer, nn.Linear) and ("attn" in name or "mlp" in name or ".ff." in name)
    }


def resident_bytes() -> int:
    """Memory of this process that is its own: file mappings are not counted."""
    fields = Path("/proc/self/statm").read_text().split()
    return (int(fields[1]) - int(fields[2])) * os.sysconf("SC_PAGE_SIZE")


class Allocations(ctypes.Structure):
    """glibc's `struct mallinfo2` (malloc.h, from 2.33): bytes by what malloc has done with them."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks",
            "fordblks", "keepcost",
        )
    )  # fmt: skip


def allocated_bytes() -> int:
    """What the process has asked malloc for and not given back: tensors, arrays, long texts.

    Unlike its resident memory this does not depend on how free pieces lie among used ones.
    """
    mallinfo2 = ctypes.CDLL(None).mallinfo2
    mallinfo2.restype = Allocations
    found = mallinfo2()
    return int(found.uordblks + found.hblkhd)


def peak_bytes() -> int:
    """The most memory that this process held so far."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) * 1024


def write_checkpoint_apart(family: str, path: Path) -> None:
    """The same in a process of its own, whose memory is not measured."""
    script = "import sys, pathlib; sys.path.insert(0, sys.argv[1]); import memory;"
    script += "memory.write_checkpoint(sys.argv[2], pathlib.Path(sys.argv[3]))"
    writer = [sys.executable, "-c", script, str(Path(__file__).parent), family, str(path)]
    subprocess.run(writer, check=True)


def forget_pages(path: Path) -> None:
    """Have a file read from the disk again, as after a start of the machine."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def peak(family: str, folder: Path) -> None:
    """Print the size of the file and the peak of the process that ran it."""
    path = folder / "models" / "checkpoints" / "full.safetensors"
    path.parent.mkdir(parents=True)
    write_checkpoint_apart(family, path)
    (folder / "graph.yaml").write_text(GRAPH)
    command = [sys.executable, "-m", "nodeflow", "run", "graph.yaml", "--no-cache", "--explain"]
    code = (
        "import resource, subprocess, sys; done = subprocess.run(sys.argv[1:]);"
        "peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss;"
        "print(f'peak {peak / 1e6:.2f} GB'); sys.exit(done.returncode)"
    )
    subprocess.run([sys.executable, "-c", code, *command], cwd=folder, check=True)
    print(f"file {path.stat().st_size / 1e9:.2f} GB")


def adapters(family: str, folder: Path) -> None:
    """Print what another strength costs beside reading the checkpoint, and what two hold.

    Of SDXL only the attention of the UNet is changed and read, which fits into 24 GB.
    """
    from nodeflow.diffusion.adapters.open import with_adapter
    from nodeflow.diffusion.checkpoint.open import open_checkpoint
    from nodeflow.diffusion.recipe import WeightsFile
    from nodeflow.diffusion.residency import Residency

    checkpoint, lora = folder / "full.safetensors", folder / "lora.safetensors"
    write_checkpoint_apart(family, checkpoint)
    opened = open_checkpoint(checkpoint, "full")
    residency = Residency(budget=10**11)
    before = resident_bytes()
    forget_pages(checkpoint)
    began = time.perf_counter()
    unet = residency.unet(opened.model)
    towers = []
    if family == "sd15":
        towers = list(residency.text_encoders(opened.clip).towers.values())
        residency.vae(opened.vae)
    read = time.perf_counter() - began
    base = resident_bytes() - before
    layers = attention_layers("lora_unet_", unet)
    if family == "sdxl":
        layers = {name: size for name, size in layers.items() if "attn" in name}
    for tower in towers:
        layers |= attention_layers("lora_te_", tower)
    write_lora(layers, lora)
    del unet, towers
    taken, held = [], []
    for strength in (0.5, 0.8, 1.1):
        began = time.perf_counter()
        model, clip = with_adapter(
            opened.model, opened.clip, WeightsFile(str(lora), "lora"), (strength, strength)
        )
        residency.unet(model)
        if family == "sd15":
            residency.text_encoders(clip)
        taken.append(time.perf_counter() - began)
        gc.collect()
        held.append(resident_bytes() - before)
    del residency
    began = time.perf_counter()
    warm = Residency(budget=10**11)
    warm.unet(opened.model)
    if family == "sd15":
        warm.text_encoders(opened.clip), warm.vae(opened.vae)
    again = time.perf_counter() - began
    print(
        f"{len(layers)} layers changed; checkpoint read from the disk in {read:.2f} s, from the "
        f"system's cache in {again:.2f} s"
    )
    others = ", ".join(f"{t:.2f} s ({t / read:.2f})" for t in taken)
    print(f"a LoRA, then two other strengths: {others}")
    sizes = ", ".join(f"{b / 1e9:.2f} GB ({b / held[0]:.2f})" for b in held)
    print(f"memory: {base / 1e9:.2f} GB without; with one, two, three strengths {sizes}")


def alternate(folder: Path, runs: int) -> None:
    """Print the memory after every sixtieth run, whose settings but the seed are the same.

    The budgets of weights, results and recorded answers are small enough to be full by the second.
    """
    import shutil

    from nodeflow.diffusion.checkpoint.open import open_checkpoint
    from nodeflow.diffusion.residency import Residency, residency_of
    from nodeflow.engine.memory_cache import MemoryCache
    from nodeflow.engine.recordings import StepRecordings
    from nodeflow.engine.run import Engine
    from nodeflow.graph.document import JsonValue, Reference
    from nodeflow.graph.edit import set_inputs
    from nodeflow.interop.open import open_workflow
    from nodeflow.node.check import check
    from nodeflow.node.folders import Folders, ModelRoot
    from nodeflow.node.plugins import load_registry
    from nodeflow.node.trust import TrustList

    checkpoints, loras = folder / "models" / "checkpoints", folder / "models" / "loras"
    checkpoints.mkdir(parents=True)
    loras.mkdir()
    shutil.copy(EMBEDDED, checkpoints / "one.safetensors")
    shutil.copy(EMBEDDED, checkpoints / "two.safetensors")
    with (checkpoints / "two.safetensors").open("r+b") as file:
        file.seek(-4, 2)
        file.write(b"\0\0\0\0")  # another content
    opened = open_checkpoint(EMBEDDED, "embedded")
    layers = attention_layers("lora_unet_", Residency().unet(opened.model))
    for name in ("first", "second", "third"):
        write_lora(layers, loras / f"{name}.safetensors")
    (folder / "graph.yaml").write_text(ALTERNATING)
    base = open_workflow(folder / "graph.yaml")
    registry = load_registry([], TrustList(Path("nowhere.json")))
    folders = Folders(
        models=(ModelRoot.at(folder / "models"),), output=folder / "out", temp=folder / "temp"
    )
    engine = Engine(memory=MemoryCache(budget=4_000_000))
    engine.recordings = StepRecordings(None, memory=400_000)
    kind, _ = residency_of("cpu")
    residency = engine.resources.get(kind, lambda: Residency(budget=60_000_000))
    for number in range(runs + 1):
        settings: dict[tuple[str, str], Reference | JsonValue] = {
            ("checkpoint", "ckpt_name"): ("one", "two")[number % 2],
            ("lora", "lora_name"): ("first", "second", "third")[number % 3],
            ("lora", "strength_model"): (0.0, 0.5, 1.0, -0.5)[number % 4],
            ("canvas", "width"): (64, 128, 192, 256, 96)[number % 5],
            ("sampler", "seed"): number,
        }
        result = engine.run(check(set_inputs(base, settings), registry, folders))
        assert not result.failures, result.failures
        if number % 60 == runs % 60:
            gc.collect()
            print(
                f"after {number:3} runs: {resident_bytes() / 1e6:.0f} MB of the process, "
                f"{allocated_bytes() / 1e6:.1f} MB asked of malloc, "
                f"{sys.getallocatedblocks()} objects of Python, "
                f"{residency.held_bytes() / 1e6:.0f} MB of weights, "
                f"peak {peak_bytes() / 1e6:.0f} MB"
            )


def main() -> None:
    """Run what was asked for in a temporary folder."""
    settle()
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("what", choices=("peak", "adapters", "alternate"), default="peak")
    options.add_argument("family", choices=FILES, default="sd15", nargs="?")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        match given.what:
            case "peak":
                peak(given.family, Path(name))
            case "adapters":
                adapters(given.family, Path(name))
            case _:
                alternate(Path(name), 200)


if __name__ == "__main__":
    main()
