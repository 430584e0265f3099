"""PhotoMaker's encoder: a word of a prompt means what pictures show (arXiv 2312.04461)."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from nodeflow.diffusion.checkpoint.load import load_unet
from nodeflow.diffusion.photomaker.network import PhotoMaker
from nodeflow.diffusion.training.beside import BATCH
from nodeflow.diffusion.training.learn import Goal, Save, Weights, learn, put_back
from nodeflow.diffusion.training.placed import Batch, Examples
from nodeflow.diffusion.training.scene import TEMPLATES, with_article
from nodeflow.diffusion.training.text import END_ROW
from nodeflow.diffusion.training.vision import Gallery
from nodeflow.diffusion.training.vocabulary import SHORT
from nodeflow.diffusion.vision.encode import preprocess
from nodeflow.diffusion.vision.transformer import ClipVisionTransformer

RATE, RATE_DRAWING = 1e-3, 1e-4
"""Of the steps that learn names, and of those that learn by drawing: those of few examples unlearn
at a high rate what was learnt of many."""
WORD = "thing"
"""The word that is fused with pictures: one that no caption has."""
UNKNOWN = 0
"""Its row in the token table."""
MOST = 3
"""Pictures of one prompt."""
LINEAR = 3.0
"""Where a GELU is nearly the identity."""
NAMES = 0.8
"""Share of the first steps of a new training, in which the word learns to be a name's last state.

The model alone takes far longer to say what of a picture it needs; given a name's last state in the
place of the word, it draws nearly as it does under the name.
"""
AT_ONCE = 64
"""Pictures of each of those steps."""


def fresh(encoder: ClipVisionTransformer) -> PhotoMaker:
    """An encoder whose word starts as if what is seen in a picture were a caption's last state.

    Its projections are the halves of the image encoder's, which has learnt to lay what it sees by
    that state, and the first layers that fuse it with the word hand it on: where their GELU is
    linear.
    """
    torch.manual_seed(1)
    assert encoder.config.projection is not None
    assert encoder.visual_projection is not None
    half = encoder.config.projection // 2
    net = PhotoMaker(replace(encoder.config, projection=half), half)
    net.vision_model.load_state_dict(encoder.vision_model.state_dict())
    with torch.no_grad():
        first, second = torch.split(encoder.visual_projection.weight, half)
        net.visual_projection.weight.copy_(first)
        net.visual_projection_2.weight.copy_(second)
        fused = net.fuse_module.mlp1
        fused.fc1.weight[:, 2 * half :] += torch.eye(2 * half)
        fused.fc2.weight += torch.eye(2 * half)
        fused.fc1.bias.add_(LINEAR)
        fused.fc2.bias.sub_(LINEAR)
    return net


def prompts(colours: Sequence[str], pictures: int, generator: torch.Generator) -> list[str]:
    """Captions of the word, once for each picture, on grounds."""
    words = " ".join([WORD] * pictures)
    which = torch.randint(len(TEMPLATES), (len(colours),), generator=generator).tolist()
    return [
        TEMPLATES[n].format(
            subject=f"a {words}", bare=words, colour=with_article(colour), plain=colour
        )
        for n, colour in zip(which, colours, strict=True)
    ]


def train_photomaker(
    checkpoint: Path,
    encoder: ClipVisionTransformer,
    gallery: Gallery,
    examples: Examples,
    steps: int,
    log: Path,
    save: Save,
    start: Path | None = None,
) -> None:
    """Train, and save the file's tensors now and then.

    What is learnt is what the model says under the whole caption, without the subject's name: a
    word stands for it, and pictures of it on any ground. The log's loss and gain are of that; the
    gain is what pictures take off the loss of the word alone.
    """
    unet = load_unet(checkpoint, torch.float32, "cpu")
    net = fresh(encoder)
    learnt: Weights = {f"id_encoder.{name}": p for name, p in net.named_parameters()}
    done = 0 if start is None else put_back(learnt, start)
    showing: dict[int, list[int]] = {}
    for index, subject in enumerate(gallery.subject.tolist()):
        showing.setdefault(subject, []).append(index)
    pairs = examples.pairs

    def shown(subjects: Sequence[int], count: int, generator: torch.Generator) -> Tensor:
        """Pictures of subjects, on any ground: `[n * count, 3, image, image]`."""
        which = torch.randint(2**31, (len(subjects), count), generator=generator).tolist()
        owns = (showing[subject] for subject in subjects)
        picked = [own[n % len(own)] for own, some in zip(owns, which, strict=True) for n in some]
        return preprocess(gallery.pictures[picked].float() / 255, net.vision.image)

    def loss(batch: Batch, generator: torch.Generator, seeing: bool = True) -> Tensor:
        count = 1 + int(torch.randint(MOST, (1,), generator=generator))
        colours = [pairs.colour[scene] for scene in batch.picks.tolist()]
        rows = examples.vocabulary.rows(prompts(colours, count, generator), SHORT)
        with torch.no_grad():
            answer = unet(batch.x, batch.at, batch.context)
            context = examples.text(rows)
        if seeing:
            words = rows == UNKNOWN
            subjects = [pairs.subject[scene] for scene in batch.picks.tolist()]
            fused = net(shown(subjects, count, generator), context[words])
            context = context.masked_scatter(words[:, :, None], fused)
        return F.mse_loss(unet(batch.x, batch.at, context), answer)

    rows_of_names = examples.vocabulary.rows(
        [with_article(subject.words[0]) for subject in examples.library.subjects], SHORT
    )
    with torch.no_grad():
        names = examples.text.end_state(examples.text(rows_of_names), rows_of_names, END_ROW)
        alone = examples.text(examples.vocabulary.rows([f"a {WORD}"], SHORT))[0, 2]
    known = torch.tensor(sorted(set(pairs.subject)))

    def naming(generator: torch.Generator) -> Tensor:
        """How far the word is from the last state of the name of what its picture shows."""
        subjects = known[torch.randint(len(known), (AT_ONCE,), generator=generator)]
        fused = net(shown(subjects.tolist(), 1, generator), alone.expand(AT_ONCE, -1))
        return F.mse_loss(fused, names[subjects])

    same = examples.batch(32, torch.Generator().manual_seed(3))
    with torch.no_grad():
        base = float(loss(same, torch.Generator().manual_seed(4), seeing=False))
    goal = Goal(
        lambda generator: loss(examples.batch(BATCH, generator), generator),
        lambda: base - float(loss(same, torch.Generator().manual_seed(4))),
    )
    if start is None:
        done = round(NAMES * steps)
        steps -= done
        learn(learnt, Goal(naming, goal.gain), done, RATE, log, save)
    learn(learnt, goal, steps, RATE_DRAWING, log, save, done)
