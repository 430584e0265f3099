"""The trainings of what works beside the embedded model, from the files of its own training."""

from argparse import Namespace
from collections.abc import Callable
from dataclasses import asdict, replace

import torch
from torch import Tensor

from nodeflow.diffusion.checkpoint.load import load_vision
from nodeflow.diffusion.checkpoint.write import write_tensors
from nodeflow.diffusion.training.control import train_control
from nodeflow.diffusion.training.gligen import train_gligen
from nodeflow.diffusion.training.hypernetwork import (
    SETTINGS,
    old_photograph,
    train_hypernetwork,
)
from nodeflow.diffusion.training.ip_adapter import train_ip_adapter
from nodeflow.diffusion.training.latents import encode_scenes, read_latents, save_latents
from nodeflow.diffusion.training.learn import STEPS_KEY, Save, Weights
from nodeflow.diffusion.training.photomaker import train_photomaker
from nodeflow.diffusion.training.placed import Draw, Examples, Pairs, pairs_of, scenes
from nodeflow.diffusion.training.scene import Pixels, read_library
from nodeflow.diffusion.training.steps import (
    SCALE_FACTOR,
    known_indices,
    known_labels,
    load_text,
    load_vae,
)
from nodeflow.diffusion.training.style import train_style
from nodeflow.diffusion.training.t2i import train_t2i
from nodeflow.diffusion.training.upscaler import pictures, train_upscaler
from nodeflow.diffusion.training.vision import gallery_of, train_vision
from nodeflow.diffusion.training.vocabulary import vocabulary_of

WORDLESS = 0.9
"""Share of an IP-Adapter's examples without a caption."""
Edges = Callable[[Tensor], Tensor]
"""Pictures `[B, H, W, 3]` in 0..1 to their edges, of the same shape."""


def saving(arguments: Namespace, **facts: str) -> Save:
    """Write the file with the steps that made it and further facts."""
    arguments.out.parent.mkdir(parents=True, exist_ok=True)

    def save(tensors: Weights, done: int) -> None:
        write_tensors(arguments.out, tensors, {STEPS_KEY: str(done), **facts})

    return save


def based(arguments: Namespace) -> dict[str, str]:
    """The fact of which checkpoint a file is for."""
    return {"nodeflow.base": arguments.file.stem}


def placed(arguments: Namespace, kind: str, each: int, draw: Draw) -> Examples:
    """Freely placed scenes of all known subjects, with maps of a kind; encoded once."""
    library = read_library(arguments.work / "library.npz")
    kept = arguments.work / f"placed-{kind}.pt"
    if not kept.exists():
        made = scenes(load_vae(arguments.work), library, known_labels(), each, draw, seed=4)
        torch.save(asdict(made), kept)
    pairs = Pairs(**torch.load(kept, weights_only=True))
    text = load_text(arguments.work, library)
    return Examples(pairs, library, vocabulary_of(library.subjects), text)


def style(arguments: Namespace) -> None:
    """Train a LoRA on the subjects' pictures in another style, captions as they were."""
    library = read_library(arguments.work / "library.npz")
    pictures = read_library(arguments.work / f"{arguments.name}.npz")
    log = arguments.work / f"{arguments.name}.csv"
    tensors = train_style(
        arguments.file, pictures, known_labels(), vocabulary_of(library.subjects),
        load_vae(arguments.work), load_text(arguments.work, library), arguments.steps, log,
    )  # fmt: skip
    saving(arguments, **based(arguments))(
        {n: t.half() for n, t in tensors.items()}, arguments.steps
    )


def control(arguments: Namespace, edges: Edges) -> None:
    """Train a Control-LoRA on all known subjects."""
    examples = placed(arguments, "edges", 3, lambda pictures, covers: edges(pictures)[..., 0])
    log = arguments.work / "control.csv"
    save = saving(arguments, **based(arguments))
    train_control(arguments.file, examples, arguments.steps, log, save, arguments.start)


def known_scenes(
    arguments: Namespace, kind: str, count: int, look: Callable[[Pixels], Pixels]
) -> Examples:
    """Scenes of the first known subjects on each ground, as the model draws them, in a look."""
    library = read_library(arguments.work / "library.npz")
    kept = arguments.work / f"scenes-{kind}.pt"
    if not kept.exists():
        autoencoder, known = load_vae(arguments.work), known_indices(library)[:count]
        made = encode_scenes(autoencoder, library, known, 1, SCALE_FACTOR, seed=5, look=look)
        save_latents(made, kept)
    latents = read_latents(kept)
    text = load_text(arguments.work, library)
    return Examples(pairs_of(latents), library, vocabulary_of(library.subjects), text)


def hypernetwork(arguments: Namespace) -> None:
    """Train a hypernetwork on all known subjects as old photographs."""
    examples = known_scenes(arguments, "old-photographs", 100, old_photograph)
    log = arguments.work / "hypernetwork.csv"
    save = saving(arguments, **based(arguments), **SETTINGS)
    train_hypernetwork(arguments.file, examples, arguments.steps, log, save, arguments.start)


def vision(arguments: Namespace) -> None:
    """Train an image encoder on all subjects."""
    library = read_library(arguments.work / "library.npz")
    text, vocabulary = load_text(arguments.work, library), vocabulary_of(library.subjects)
    log, save = arguments.work / "vision.csv", saving(arguments)
    train_vision(
        gallery_of(library, 2, seed=8), library, vocabulary, text, arguments.steps, log, save,
        arguments.start,
    )  # fmt: skip


def ip_adapter(arguments: Namespace) -> None:
    """Train an IP-Adapter on all known subjects."""
    examples = known_scenes(arguments, "plain", 256, lambda scene: scene)
    examples = replace(examples, empty=WORDLESS)
    encoder = load_vision(arguments.vision, torch.float32, "cpu")
    log, save = arguments.work / "ip-adapter.csv", saving(arguments, **based(arguments))
    gallery = gallery_of(examples.library, 3, seed=9)
    train_ip_adapter(
        arguments.file, encoder, gallery, examples, arguments.steps, log, save, arguments.start
    )


def photomaker(arguments: Namespace) -> None:
    """Train PhotoMaker's encoder on all known subjects."""
    examples = replace(known_scenes(arguments, "plain", 256, lambda scene: scene), empty=0.0)
    encoder = load_vision(arguments.vision, torch.float32, "cpu")
    log, save = arguments.work / "photomaker.csv", saving(arguments, **based(arguments))
    gallery = gallery_of(examples.library, 4, seed=10)
    train_photomaker(
        arguments.file, encoder, gallery, examples, arguments.steps, log, save, arguments.start
    )


def gligen(arguments: Namespace) -> None:
    """Train GLIGEN's networks on all known subjects."""
    examples = placed(arguments, "covers", 1, lambda pictures, covers: covers)
    log, save = arguments.work / "gligen.csv", saving(arguments, **based(arguments))
    train_gligen(arguments.file, examples, arguments.steps, log, save, arguments.start)


def upscaler(arguments: Namespace) -> None:
    """Train an upscaler on all known subjects; it is measured on the others."""
    library = read_library(arguments.work / "library.npz")
    known = known_indices(library)
    others = [i for i in range(len(library.subjects)) if i not in known]
    shown, held_out = pictures(library, known, 4, seed=6), pictures(library, others[::5], 1, seed=7)
    log, save = arguments.work / "upscaler.csv", saving(arguments)
    train_upscaler(shown, held_out, arguments.steps, log, save, arguments.start)


def t2i(arguments: Namespace) -> None:
    """Train a T2I adapter for silhouettes on all known subjects."""
    examples = placed(arguments, "covers", 1, lambda pictures, covers: covers)
    log = arguments.work / "t2i.csv"
    save = saving(arguments, **based(arguments))
    train_t2i(arguments.file, examples, arguments.steps, log, save, arguments.start)
