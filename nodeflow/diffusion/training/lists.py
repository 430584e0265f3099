"""The two fixed lists by which the embedded model is judged by eye."""

import random
from collections.abc import Sequence

from nodeflow.diffusion.training.scene import COLOURS, HELD_OUT

SECOND_LIST_SEED = 2024


def second_list(known: Sequence[str]) -> list[tuple[str, str]]:
    """24 subjects drawn from all that the model is said to know, each with a random colour.

    Pairs of the first list are not drawn again.
    """
    rng = random.Random(SECOND_LIST_SEED)
    drawn = []
    for label in rng.sample(sorted(known), min(24, len(known))):
        colours = [name for name in COLOURS if (label, name) not in HELD_OUT]
        drawn.append((label, rng.choice(colours)))
    return drawn
