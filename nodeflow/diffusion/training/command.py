"""`train …`: the steps that made the embedded models."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nodeflow.diffusion.training.adapter_steps import Edges

DATA = Path(__file__).parent / "data"
NEEDED = {"file": "the checkpoint", "vision": "the image encoder"}


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
    for name, count, needs, about in (
        ("control", 6000, ("file",), "a Control-LoRA for edges; after unpack"),
        ("t2i", 200, ("file",), "a T2I adapter for silhouettes; after unpack"),
        ("hypernetwork", 550, ("file",), "a hypernetwork for a look; after unpack"),
        ("upscaler", 2500, (), "an upscaler of ESRGAN's kind; after prepare"),
        ("vision", 600, (), "a CLIP image encoder; after unpack"),
        ("ip-adapter", 700, ("file", "vision"), "an IP-Adapter; after vision"),
        ("photomaker", 2000, ("file", "vision"), "PhotoMaker's encoder; after vision"),
        ("gligen", 4500, ("file",), "GLIGEN, for subjects in boxes; after unpack"),
    ):
        step = steps.add_parser(name, help=about)
        for need in needs:
            step.add_argument(need, type=Path, help=NEEDED[need])
        step.add_argument("out", type=Path, help="what is trained")
        step.add_argument("--steps", type=int, default=count, help=f"default {count}")
        step.add_argument("--start", type=Path, help="one to go on from")
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
    from nodeflow.diffusion.training import adapter_steps, steps

    run: dict[str, Callable[[argparse.Namespace], None]] = {
        "prepare": steps.prepare,
        "vae": steps.vae,
        "unpack": steps.unpack,
        "latents": steps.latents,
        "text": steps.text,
        "unet": steps.unet,
        "style": adapter_steps.style,
        "control": lambda arguments: adapter_steps.control(arguments, edges),
        "hypernetwork": adapter_steps.hypernetwork,
        "t2i": adapter_steps.t2i,
        "photomaker": adapter_steps.photomaker,
        "gligen": adapter_steps.gligen,
        "vision": adapter_steps.vision,
        "ip-adapter": adapter_steps.ip_adapter,
        "upscaler": adapter_steps.upscaler,
        "export": steps.export_checkpoint,
        "sheet": steps.sheets,
    }
    run[arguments.step](arguments)
    return 0
