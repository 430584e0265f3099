"""`train …`: the training of the embedded model."""

from collections.abc import Sequence


def command(argv: Sequence[str]) -> int:
    """Hand over to the training's own commands."""
    from nodeflow.diffusion.training.command import main

    return main(argv)
