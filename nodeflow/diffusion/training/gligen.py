"""GLIGEN's networks, which let the embedded model put subjects into boxes (arXiv 2301.07093)."""

import random
from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nodeflow.diffusion.checkpoint.load import load_unet
from nodeflow.diffusion.gligen.config import GligenConfig
from nodeflow.diffusion.gligen.network import Gligen
from nodeflow.diffusion.guidance.rows import Box
from nodeflow.diffusion.sampling.grounding import beside
from nodeflow.diffusion.training.beside import BATCH
from nodeflow.diffusion.training.learn import Goal, Save, Weights, learn, put_back
from nodeflow.diffusion.training.looking import boxes_anywhere, looking
from nodeflow.diffusion.training.placed import Batch, Examples
from nodeflow.diffusion.training.scene import with_article
from nodeflow.diffusion.training.text import END_ROW
from nodeflow.diffusion.training.vocabulary import SHORT
from nodeflow.diffusion.unet.interventions import Interventions, Place
from nodeflow.diffusion.unet.model import UNet2DConditionModel
from nodeflow.diffusion.unet.places import attention_places, block_name

RATE = 1e-3
HIDDEN = 256
WORDS_FIRST, PLACES_FIRST = 0.2, 2.0
"""Factors of first weights: words, which are many and large, would drown the corners."""
UNBOXED = 0.1
"""Share of examples without a box."""
LOOKING = 0.1
"""Weight of `looking` beside the model's own loss."""
LOOKS = 3
"""Of a new training one in so many steps, the first ones, in which only `looking` is learnt.

The model's own loss does not find boxes: cells first learn that subjects mostly lie in the middle,
and what is then left to be gained by a box is a few thousandths of it.
"""
Maps = dict[Place, Tensor]
"""What blocks gave, `[n, cells, width]`."""


def boxes_of(covers: Tensor) -> list[Box]:
    """Left, top, right and bottom of what is covered, uint8 `[n, H, W]`, as shares of the sides."""
    found = covers > 16
    height, width = covers.shape[1:]

    def ends(lines: Tensor, size: int) -> Tensor:
        first = lines.int().argmax(dim=1)
        last = size - lines.flip(1).int().argmax(dim=1)
        return torch.stack([first, last], dim=1) / size

    across, down = ends(found.any(dim=1), width), ends(found.any(dim=2), height)
    corners = torch.stack([across[:, 0], down[:, 0], across[:, 1], down[:, 1]], dim=1)
    return [(a, b, c, d) for a, b, c, d in corners.tolist()]


def file_name(ours: str, unet: UNet2DConditionModel) -> str:
    """diffusers' name of a weight."""
    if not ours.startswith("fusers."):
        return ours
    _, number, leaf = ours.split(".", 2)
    place = list(attention_places(unet.config))[int(number)]
    return f"{block_name(place, unet.config)}.fuser.{leaf}"


def fresh(unet: UNet2DConditionModel) -> Gligen:
    """Networks that change nothing yet: half-open gates behind last layers of 0.

    The published start is closed gates, through which the rest learns nothing at first.
    """
    torch.manual_seed(1)
    widths = tuple(attention_places(unet.config).values())
    context = unet.config.context_width
    net = Gligen(GligenConfig(context, context, HIDDEN, fusers=widths))
    for name, parameter in net.named_parameters():
        if ".alpha_" in name:
            nn.init.constant_(parameter, 0.5)
        elif ".to_out." in name or ".ff.net.2." in name:
            nn.init.zeros_(parameter)
    first = net.position_net.linears[0]
    assert isinstance(first, nn.Linear)
    with torch.no_grad():
        first.weight[:, :context] *= WORDS_FIRST
        first.weight[:, context:] *= PLACES_FIRST
    return net


def told_of(
    net: Gligen, places: Sequence[Box], texts: Sequence[Tensor], boxed: Sequence[bool] | None = None
) -> Tensor:
    """Objects of each scene, `[n, MOST, context]`: one, or none where it is not `boxed`."""
    has = boxed or [True] * len(places)
    return torch.cat(
        [
            net.position_net([place] if one else [], [text] if one else [])
            for one, place, text in zip(has, places, texts, strict=True)
        ]
    )


def train_gligen(
    checkpoint: Path, examples: Examples, steps: int, log: Path, save: Save,
    start: Path | None = None,
) -> None:  # fmt: skip
    """Train, and save the file's tensors, by diffusers' names, now and then.

    examples: scenes of which what their subjects cover is seen. The log's loss is that of `looking`
    in the first steps, then the model's own with a share of it; its gain is what right boxes take
    off the model's loss with the boxes of other scenes.
    """
    unet = load_unet(checkpoint, torch.float32, "cpu")
    net = fresh(unet)
    learnt: Weights = {file_name(name, unet): p for name, p in net.named_parameters()}
    done = 0 if start is None else put_back(learnt, start)
    around = beside(net, unet.config)
    boxes = boxes_of(examples.pairs.seen)

    def text_of(scene: int, chance: random.Random) -> Tensor:
        subject = examples.library.subjects[examples.pairs.subject[scene]]
        words = with_article(chance.choice(subject.words))
        rows = examples.vocabulary.rows([words], SHORT)
        with torch.no_grad():
            return examples.text.end_state(examples.text(rows), rows, END_ROW)

    def texts_of(batch: Batch) -> list[Tensor]:
        chance = random.Random(int(batch.at.sum()))
        return [text_of(scene, chance) for scene in batch.picks.tolist()]

    def looks(maps: Maps, texts: list[Tensor], generator: torch.Generator) -> Tensor:
        """How cells look, in the mean of all maps, at objects in boxes of any place and size."""
        places = boxes_anywhere(len(texts), generator)
        told = told_of(net, places.tolist(), texts)
        each = []
        for place, x in maps.items():
            fuser, heads = around.fusers[place]
            each.append(looking(fuser, x, told, heads, places, generator))
        return torch.stack(each).mean()

    def drawn(
        batch: Batch, texts: list[Tensor], boxed: list[bool], shift: int = 0
    ) -> tuple[Tensor, Maps]:
        """The model's loss, and what its blocks gave; shift: with boxes of other scenes."""
        places = [boxes[scene] for scene in batch.picks.tolist()]
        told = told_of(net, places[shift:] + places[:shift], texts, boxed)
        maps: Maps = {}

        def changed(place: Place, x: Tensor) -> Tensor:
            fuser, heads = around.fusers[place]
            maps[place] = x.detach()
            out: Tensor = fuser(x, told, heads)
            return out

        out = unet(batch.x, batch.at, batch.context, None, Interventions(between=changed))
        return F.mse_loss(out, batch.target), maps

    def look(generator: torch.Generator) -> Tensor:
        batch = examples.batch(2 * BATCH, generator)
        maps: Maps = {}

        def seen(place: Place, x: Tensor) -> Tensor:
            maps[place] = x
            return x

        with torch.no_grad():
            unet(batch.x, batch.at, batch.context, None, Interventions(between=seen))
        return looks(maps, texts_of(batch), generator)

    def loss(generator: torch.Generator) -> Tensor:
        batch = examples.batch(BATCH, generator)
        texts = texts_of(batch)
        boxed = (torch.rand(BATCH, generator=generator) >= UNBOXED).tolist()
        own, maps = drawn(batch, texts, boxed)
        return own + LOOKING * looks(maps, texts, generator)

    same = examples.batch(32, torch.Generator().manual_seed(3))

    def gain() -> float:
        texts, boxed = texts_of(same), [True] * len(same.x)
        return float(drawn(same, texts, boxed, shift=1)[0] - drawn(same, texts, boxed)[0])

    if start is None:
        done = steps // LOOKS
        steps -= done
        learn(learnt, Goal(look, gain), done, RATE, log, save)
    learn(learnt, Goal(loss, gain), steps, RATE, log, save, done)
