"""Prompts that count nowhere are told; those that count in a part of the picture are not."""

from dataclasses import replace

import pytest
import torch

from nodeflow.diffusion.conditioning import Area, AreaFraction, Conditioning
from nodeflow.diffusion.guidance.dual import DualPrompts
from nodeflow.diffusion.guidance.perp_neg import PerpNegPrompts
from nodeflow.diffusion.guidance.regions import region, resolve
from nodeflow.diffusion.latent_scale import LatentScale
from nodeflow.diffusion.sampling.setting import GuidanceValue, Setting, Space
from nodeflow.diffusion.sampling.trajectory import Prompts
from tests.diffusion.exact import SD
from tests.diffusion.told_apart import entry

SHAPE = (2, 4, 16, 16)
SIGMAS = (14.6, 5.0, 1.0, 0.0)
NONE = torch.zeros(1, 128, 128)
PLAIN = (entry(1.0),)
LEFT = torch.ones(1, 128, 128)
LEFT[:, :, 64:] = 0


def resolved(guidance: GuidanceValue) -> None:
    """What a sampler does with guidance before its first step."""
    space = Space(SD, LatentScale(0.18215))
    guidance.guider(Setting(space, torch.zeros(SHAPE), None, 0, None, SIGMAS))


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"mask": NONE}, "in picture 1 of 2: its mask is empty"),
        ({"mask": NONE, "mask_bounds": True}, "in picture 1 of 2: its mask is empty"),
        ({"mask": torch.cat([LEFT, NONE])}, "in picture 2 of 2: its mask is empty"),
        ({"mask": LEFT, "mask_strength": 0.0}, "its strength is 0"),
        ({"area": Area(8, 8, 0, 0), "strength": 0.0}, "its strength is 0"),
        ({"area": Area(8, 8, 0, 16)}, "outside the picture, which is 128 x 128 pixels"),
        ({"area": AreaFraction(0.5, 0.5, 1.0, 0.0)}, "outside the picture"),
        ({"end_percent": 0.0}, "in no step"),
        ({"steps": ((7, 9),)}, "in no step"),
    ],
)
def test_a_prompt_that_counts_nowhere(settings: dict[str, object], told: str) -> None:
    nowhere = (entry(2.0, **settings),)
    for name, guidance in (
        ("positive", Prompts(nowhere, PLAIN, 3.0)),
        ("negative", Prompts(PLAIN, nowhere, 3.0)),
        ("cond2", DualPrompts(PLAIN, nowhere, PLAIN, 3.0, 2.0)),
        ("empty_conditioning", PerpNegPrompts(PLAIN, PLAIN, nowhere, 3.0, 1.0)),
    ):
        with pytest.raises(ValueError, match=f"'{name}' counts .*{told}"):
            resolved(guidance)
    resolved(Prompts(PLAIN, nowhere, 1.0))


@pytest.mark.parametrize(
    "positive",
    [
        (entry(2.0, mask=LEFT),),
        (entry(2.0, area=Area(8, 8, 15, 15)),),
        (entry(2.0, area=AreaFraction(0.01, 0.01, 0.99, 0.99)),),
        (entry(2.0, end_percent=0.3),),
        (entry(2.0, mask=NONE), *PLAIN),
        (entry(2.0, mask=NONE), entry(1.0, mask=NONE, default=True)),
        (),
    ],
    ids=["a half", "a corner", "the last cell", "the beginning", "another", "by default", "none"],
)
def test_a_prompt_that_counts_somewhere(positive: Conditioning) -> None:
    resolved(Prompts(positive, PLAIN, 3.0))


def test_an_area_outside_the_picture_does_not_count_at_its_edge() -> None:
    far = entry(2.0, area=Area(8, 8, 0, 40))
    assert not region(far, SHAPE, SD).weight.any()
    (only,), (other,) = resolve((far, *PLAIN), PLAIN, SHAPE, SD)
    assert float(only.embedding.mean()) == 1.0 and not other.bounded
    inside = replace(far, area=Area(8, 8, 0, 15))
    assert region(inside, SHAPE, SD).area == Area(8, 1, 0, 15)
