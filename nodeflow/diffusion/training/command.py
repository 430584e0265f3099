"""`train prepare|vae|text|unet|export|sheet|style`: the steps that made the embedded models."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nodeflow.diffusion.training.control import Edges

DATA = Path(__file__).parent / "data"


def parser() -> argparse.ArgumentParser:
    """One subcommand a step, in the order in which they are run."""
    made = argparse.ArgumentParser(
        prog="python -m nodeflow train",
        description="Train the embedded model; each step goes on from what it has saved.",
    )
    made.add_argument("--work", type=Path, default=Path("training"), help="folder for all states")
    steps = made.add_subparsers(dest="step", required=True)
    prepare = steps.add_parser("prepare", help="pictures out of the emoji packages")
    prepare.add_argument("--fluent", type=Path, required=True, help="@lobehub/fluent-emoji-3d")
    prepare.add_argument("--emojibase", type=Path, required=True, help="emojibase-data")
    prepare.add_argument("--name", default="library", help="of the file; a style has its own")
    for name, minutes, about in (
        ("vae", 22.0, "the autoencoder"),
        ("text", 4.5, "the text encoder, contrastively; after vae"),
        ("unet", 60.0, "the UNet; after text"),
    ):
        step = steps.add_parser(name, help=about)
        step.add_argument("--minutes", type=float, default=minutes, help=f"default {minutes:g}")
        if name == "unet":
            step.add_argument("--start", type=Path, help="a checkpoint to widen instead of nothing")
            step.add_argument(
                "--again", default="", help="subjects to repeat with the new ones, by comma"
            )
    steps.add_parser("latents", help="scenes encoded once; after vae")
    style = steps.add_parser("style", help="a LoRA for pictures in another style; after unpack")
    style.add_argument("file", type=Path, help="the checkpoint")
    style.add_argument("out", type=Path, help="the LoRA")
    style.add_argument("--name", default="style", help="of the pictures that prepare wrote")
    style.add_argument("--steps", type=int, default=1500, help="default 1500")
    control = steps.add_parser("control", help="a Control-LoRA for edges; after unpack")
    control.add_argument("file", type=Path, help="the checkpoint")
    control.add_argument("out", type=Path, help="the Control-LoRA")
    control.add_argument("--steps", type=int, default=6000, help="default 6000")
    control.add_argument("--start", type=Path, help="a Control-LoRA to go on from")
    for name, about in (
        ("unpack", "autoencoder and text encoder out of a checkpoint, instead of vae and text"),
        ("export", "the checkpoint"),
        ("sheet", "both contact sheets and the loss curves"),
    ):
        step = steps.add_parser(name, help=about)
        step.add_argument("file", type=Path, help="the checkpoint")
    return made


def main(argv: Sequence[str], edges: "Edges") -> int:
    """Run one step. edges: the preprocessor of control nets."""
    arguments = parser().parse_args(argv)
    arguments.work.mkdir(parents=True, exist_ok=True)
    from nodeflow.diffusion.training import steps

    run: dict[str, Callable[[argparse.Namespace], None]] = {
        "prepare": steps.prepare,
        "vae": steps.vae,
        "unpack": steps.unpack,
        "latents": steps.latents,
        "text": steps.text,
        "unet": steps.unet,
        "style": steps.style,
        "control": lambda arguments: steps.control(arguments, edges),
        "export": steps.export_checkpoint,
        "sheet": steps.sheets,
    }
    run[arguments.step](arguments)
    return 0
