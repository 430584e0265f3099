"""The page on samplers has every name, with the noise it really draws."""

import re
from pathlib import Path

from nodeflow.diffusion.samplers.registry import SAMPLERS
from nodeflow.diffusion.schedule.schedulers import SCHEDULERS

PAGE = (Path(__file__).parents[2] / "docs" / "samplers.md").read_text()
ROWS = re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE, re.MULTILINE)


def test_every_sampler_and_scheduler_in_the_order_of_the_lists() -> None:
    assert [name for name, _ in ROWS] == [*SAMPLERS, *SCHEDULERS]


def test_noise_is_told_as_it_is() -> None:
    told = {"none": "-", "stream": "stream", "brownian": "tree", "brownian_gpu": "tree"}
    for name, rest in ROWS[: len(SAMPLERS)]:
        assert rest.split(" | ")[1] == told[SAMPLERS[name].noise], name  # type: ignore[index]
