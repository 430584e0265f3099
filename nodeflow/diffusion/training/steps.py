"""The steps of the embedded model's training, each from files of the one before."""

import json
from argparse import Namespace
from pathlib import Path

import torch

from nodeflow.diffusion.checkpoint import ldm_keys, load
from nodeflow.diffusion.checkpoint.header import CheckpointError, read_header
from nodeflow.diffusion.checkpoint.load import load_unet
from nodeflow.diffusion.checkpoint.reader import WeightsReader
from nodeflow.diffusion.recipe import Prediction
from nodeflow.diffusion.text.transformer import ClipTextTransformer
from nodeflow.diffusion.training import curve, emoji, export, sheet
from nodeflow.diffusion.training.command import DATA
from nodeflow.diffusion.training.latents import encode_scenes, join, read_latents, save_latents
from nodeflow.diffusion.training.lists import second_list
from nodeflow.diffusion.training.loop import Run, Schedule
from nodeflow.diffusion.training.scene import HELD_OUT, Library, read_library, with_article
from nodeflow.diffusion.training.text import text_config, train_text
from nodeflow.diffusion.training.unet import CONFIG as UNET
from nodeflow.diffusion.training.unet import Plan, train_unet
from nodeflow.diffusion.training.vae import CONFIG as VAE
from nodeflow.diffusion.training.vae import normalise_latents, scene_pool, train_vae
from nodeflow.diffusion.training.vocabulary import vocabulary_of
from nodeflow.diffusion.unet.model import UNet2DConditionModel
from nodeflow.diffusion.vae.model import AutoencoderKL

SCALE_FACTOR = 0.18215
WEAK_WEIGHT = 10
"""How many times as often as the others a subject is shown that is new or to be learnt again."""


def known_labels() -> list[str]:
    """The subjects that the UNet is taught, the held-out pairs' first."""
    return (DATA / "known.txt").read_text(encoding="utf-8").split("\n")[:-1]


def known_indices(library: Library) -> list[int]:
    """Their places in the library."""
    labels = [subject.label for subject in library.subjects]
    return [labels.index(label) for label in known_labels()]


def prepare(arguments: Namespace) -> None:
    """Subject pictures into `library.npz`, or those of a style into a file of its own."""
    out = arguments.work / f"{arguments.name}.npz"
    emoji.prepare(DATA / "subjects.tsv", arguments.fluent, arguments.emojibase, out)


def vae(arguments: Namespace) -> None:
    """Train the autoencoder on all subjects and normalise its latents."""
    library = read_library(arguments.work / "library.npz")
    run = Run(arguments.work, "vae", Schedule(1.5e-3, minutes=arguments.minutes))
    trained = train_vae(run, library)
    normalise_latents(trained, scene_pool(library, 682, seed=99), SCALE_FACTOR)
    torch.save(trained.state_dict(), arguments.work / "vae-final.pt")


def load_vae(work: Path) -> AutoencoderKL:
    """The trained autoencoder."""
    model = AutoencoderKL(VAE)
    model.load_state_dict(torch.load(work / "vae-final.pt", weights_only=True))
    return model.eval()


def unpack(arguments: Namespace) -> None:
    """Take the autoencoder and the text encoder out of a checkpoint, to go on without the rest."""
    library = read_library(arguments.work / "library.npz")
    header = read_header(arguments.file)
    prefix = ldm_keys.TEXT_PREFIX
    with WeightsReader(arguments.file) as reader:
        ids = tuple(reader.read(prefix + export.TOKEN_IDS).tolist())
        if ids != vocabulary_of(library.subjects).ids:
            raise CheckpointError(f"{arguments.file.name} was trained on other words")
        text = {
            name.removeprefix(prefix): reader.read(name).float()
            for name in header.tensors
            if name.startswith(prefix) and name != prefix + export.TOKEN_IDS
        }
    torch.save(text, arguments.work / "text-final.pt")
    autoencoder = load.load_vae(arguments.file, torch.float32, "cpu")
    torch.save(autoencoder.state_dict(), arguments.work / "vae-final.pt")


def latents(arguments: Namespace) -> None:
    """Encode four scenes of each known subject on each ground, and one of all others."""
    library = read_library(arguments.work / "library.npz")
    model, known = load_vae(arguments.work), known_indices(library)
    others = [i for i in range(len(library.subjects)) if i not in known]
    sets = [
        encode_scenes(model, library, known, 4, SCALE_FACTOR, seed=1),
        encode_scenes(model, library, others, 1, SCALE_FACTOR, seed=2),
    ]
    save_latents(join(sets), arguments.work / "latents.pt")


def text(arguments: Namespace) -> None:
    """Train the text encoder on all subjects; it stays as it is afterwards."""
    library = read_library(arguments.work / "library.npz")
    run = Run(arguments.work, "text", Schedule(1e-3, minutes=arguments.minutes))
    vocabulary = vocabulary_of(library.subjects)
    data = read_latents(arguments.work / "latents.pt")
    encoder = train_text(run, library, vocabulary, data)
    torch.save(encoder.state_dict(), arguments.work / "text-final.pt")


def load_text(work: Path, library: Library) -> ClipTextTransformer:
    """The trained text encoder, frozen."""
    encoder = ClipTextTransformer(text_config(vocabulary_of(library.subjects)))
    encoder.load_state_dict(torch.load(work / "text-final.pt", weights_only=True))
    return encoder.requires_grad_(False)


def unet(arguments: Namespace) -> None:
    """Train the UNet: a fifth of the time mostly on the first 24 subjects, then on all.

    From `--start` on, the subjects that it does not know, and those to be learnt again, are
    favoured during seven tenths of the time.
    """
    library = read_library(arguments.work / "library.npz")
    known = known_indices(library)
    plan = Plan(known, core=known[: len(HELD_OUT)], core_until=0.2)
    schedule = Schedule(1.1e-3, minutes=arguments.minutes, hold=0.45)
    start = None
    if arguments.start is not None:
        header = read_header(arguments.start)
        learnt = json.loads(header.metadata["nodeflow.subjects"])
        weak = [*arguments.again.split(","), *(x for x in known_labels() if x not in learnt)]
        core = [i for i in known if library.subjects[i].label in weak]
        favoured = WEAK_WEIGHT * len(core)
        share = min(0.8, favoured / (favoured + len(known) - len(core)))
        plan = Plan(known, core=core, core_until=0.7, core_share=share)
        schedule = Schedule(9e-4, minutes=arguments.minutes, hold=0.45)
        start = load_unet(arguments.start, torch.float32, "cpu").requires_grad_(True)
    run = Run(arguments.work, "unet", schedule, save_every=120)
    data = read_latents(arguments.work / "latents.pt")
    encoder = load_text(arguments.work, library)
    vocabulary = vocabulary_of(library.subjects)
    train_unet(run, library, vocabulary, data, encoder, plan, start)


def export_checkpoint(arguments: Namespace) -> None:
    """Write the checkpoint with the UNet's averaged weights as they are saved now."""
    library = read_library(arguments.work / "library.npz")
    model = UNet2DConditionModel(UNET)
    model.load_state_dict(torch.load(arguments.work / "unet.pt", weights_only=True)["ema"])
    arguments.file.parent.mkdir(parents=True, exist_ok=True)
    export.export(
        arguments.file,
        model,
        load_vae(arguments.work),
        load_text(arguments.work, library),
        vocabulary_of(library.subjects),
        Prediction.V,
        known_labels(),
    )


def sheets(arguments: Namespace) -> None:
    """Draw both lists and the loss curves into the work folder."""
    subjects = emoji.read_subjects(DATA / "subjects.tsv")
    words = {subject.label: subject.words[0] for subject in subjects}
    for name, pairs in (("held-out", HELD_OUT), ("known", second_list(known_labels()))):
        prompts = [
            f"{with_article(words[label])} on {with_article(colour)} background"
            for label, colour in pairs
        ]
        pictures = sheet.draw(arguments.file, prompts)
        sheet.write_sheet(pictures, arguments.work / f"sheet-{name}.png")
    for name in ("vae", "text", "unet"):
        curve.draw_curve(
            arguments.work / f"{name}.csv", arguments.work / f"loss-{name}.png", f"{name}: loss"
        )
