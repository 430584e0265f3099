"""What works beside the embedded model is trained, goes on from its file, and loads."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from nodeflow.diffusion.checkpoint.header import read_header
from nodeflow.diffusion.checkpoint.load import load_vision
from nodeflow.diffusion.checkpoint.write import write_tensors
from nodeflow.diffusion.control.load import load_control
from nodeflow.diffusion.gligen.config import GligenConfig
from nodeflow.diffusion.gligen.load import load_gligen
from nodeflow.diffusion.gligen.network import Fuser, Gligen
from nodeflow.diffusion.hypernetworks.load import load_hypernetwork
from nodeflow.diffusion.ip_adapter.load import load_ip_adapter
from nodeflow.diffusion.photomaker.load import load_photomaker
from nodeflow.diffusion.text.transformer import ClipTextTransformer
from nodeflow.diffusion.training.command import DATA
from nodeflow.diffusion.training.emoji import read_subjects
from nodeflow.diffusion.training.gligen import boxes_of, train_gligen
from nodeflow.diffusion.training.hypernetwork import SETTINGS, old_photograph, train_hypernetwork
from nodeflow.diffusion.training.ip_adapter import train_ip_adapter
from nodeflow.diffusion.training.learn import STEPS_KEY, Save
from nodeflow.diffusion.training.looking import boxes_anywhere, inside, looking
from nodeflow.diffusion.training.photomaker import train_photomaker
from nodeflow.diffusion.training.placed import Examples, Pairs
from nodeflow.diffusion.training.scene import Library
from nodeflow.diffusion.training.t2i import train_t2i
from nodeflow.diffusion.training.text import text_config
from nodeflow.diffusion.training.upscaler import train_upscaler
from nodeflow.diffusion.training.vision import gallery_of, train_vision, vision_config
from nodeflow.diffusion.training.vocabulary import vocabulary_of
from nodeflow.diffusion.upscale.model import load_upscaler, open_upscaler

EMBEDDED = Path(__file__).parents[2] / "nodeflow/models/checkpoints/tiny-emoji.safetensors"
SUBJECTS = tuple(read_subjects(DATA / "subjects.tsv")[:3])


def examples() -> Examples:
    """Random latents of scenes whose subjects cover a square."""
    covers = torch.zeros(4, 128, 128, dtype=torch.uint8)
    covers[:, 32:64, 64:128] = 255
    latents = torch.randn(4, 4, 16, 16, generator=torch.Generator().manual_seed(0))
    pairs = Pairs(latents, covers, (0, 1, 2, 0), ("red", "blue", "green", "pink"))
    library = Library(SUBJECTS, np.zeros((3, 8, 8, 4), dtype=np.uint8))
    vocabulary = vocabulary_of(SUBJECTS)
    torch.manual_seed(0)
    return Examples(pairs, library, vocabulary, ClipTextTransformer(text_config(vocabulary)))


def saving(file: Path) -> Save:
    """Write a file as the commands do."""

    def save(tensors: dict[str, Tensor], done: int) -> None:
        write_tensors(file, tensors, {STEPS_KEY: str(done), **SETTINGS})

    return save


@pytest.mark.parametrize(
    ("train", "load"),
    [
        (train_t2i, load_control),
        (train_hypernetwork, load_hypernetwork),
        (train_gligen, load_gligen),
    ],
)
def test_it_learns_goes_on_and_loads(
    train: Callable[..., None], load: Callable[..., torch.nn.Module], tmp_path: Path
) -> None:
    file, log = tmp_path / "made.safetensors", tmp_path / "log.csv"
    train(EMBEDDED, examples(), 1, log, saving(file))
    first = {n: p.clone() for n, p in load(file, torch.float32, "cpu").named_parameters()}
    train(EMBEDDED, examples(), 1, log, saving(file), start=file)
    assert read_header(file).metadata[STEPS_KEY] == "2"
    second = dict(load(file, torch.float32, "cpu").named_parameters())
    assert second.keys() == first.keys()
    assert any(not torch.equal(first[name], second[name]) for name in first)


def test_boxes_lie_around_what_is_covered() -> None:
    assert boxes_of(examples().pairs.seen)[0] == (0.5, 0.25, 1.0, 0.5)


def test_cells_learn_to_look_at_the_object_in_whose_box_they_lie() -> None:
    boxes = torch.tensor([(0.5, 0.25, 1.0, 0.5)])
    assert inside(boxes, 4).view(4, 4).nonzero().tolist() == [[1, 2], [1, 3]]
    generator = torch.Generator().manual_seed(0)
    anywhere = boxes_anywhere(1000, generator)
    assert (anywhere >= 0).all()
    assert (anywhere <= 1).all()
    assert (anywhere[:, 2:] - anywhere[:, :2]).min() >= 0.25

    torch.manual_seed(0)
    net = Gligen(GligenConfig(8, 16, 32, fusers=(32,)))
    fuser = net.fusers[0]
    assert isinstance(fuser, Fuser)
    words = [torch.zeros(1, 8)] * 32
    map_of_cells = torch.randn(1, 16, 32, generator=generator).expand(32, -1, -1)
    optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3)
    losses = []
    for _ in range(200):
        places = boxes_anywhere(32, generator)
        told = torch.cat(
            [
                net.position_net([box], [word])
                for box, word in zip(places.tolist(), words, strict=True)
            ]
        )
        loss = looking(fuser, map_of_cells, told, 2, places, generator)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(float(loss.detach()))
    # What would be known of a cell without the boxes: the entropy of how often it lies in one.
    often = inside(anywhere, 4).float().mean(dim=0)
    blind = float(torch.nn.functional.binary_cross_entropy(often, often))
    assert sum(losses[-20:]) / 20 < 0.5 * blind


def test_an_old_photograph_is_brown_and_darker_in_the_corners() -> None:
    white = old_photograph(np.full((128, 128, 3), 255, dtype=np.uint8))
    red, green, blue = (int(c) for c in white[64, 64])
    assert red > green > blue > 100
    assert white[0, 0].sum() < white[0, 64].sum() < white[64, 64].sum()


def test_the_upscaler_learns_goes_on_and_loads(tmp_path: Path) -> None:
    file, log = tmp_path / "made.safetensors", tmp_path / "log.csv"
    shown = torch.randint(0, 256, (4, 3, 128, 128), dtype=torch.uint8)
    train_upscaler(shown, shown[:2], 1, log, saving(file))
    train_upscaler(shown, shown[:2], 1, log, saving(file), start=file)
    assert read_header(file).metadata[STEPS_KEY] == "2"
    assert open_upscaler(file, "").scale == 4
    with torch.no_grad():
        assert load_upscaler(file, "cpu")(torch.rand(1, 3, 9, 7)).shape == (1, 3, 36, 28)


def test_the_image_encoder_and_what_looks_through_it(tmp_path: Path) -> None:
    made = examples()
    covered = np.full((3, 128, 128, 4), 200, dtype=np.uint8)
    library = Library(SUBJECTS, covered)
    gallery = gallery_of(library, 2, seed=0)
    assert len(gallery.pictures) == len(gallery.subject) == len(gallery.colour)
    eyes, log = tmp_path / "eyes.safetensors", tmp_path / "log.csv"
    told = (library, made.vocabulary, made.text)
    train_vision(gallery, *told, 1, log, saving(eyes))
    train_vision(gallery, *told, 1, log, saving(eyes), start=eyes)
    encoder = load_vision(eyes, torch.float32, "cpu")
    assert encoder.config == vision_config(made.text.config.width)
    file = tmp_path / "made.safetensors"
    train_ip_adapter(EMBEDDED, encoder, gallery, made, 1, log, saving(file))
    first = load_ip_adapter(file, torch.float32, "cpu").image_proj.get_parameter("proj.weight")
    train_ip_adapter(EMBEDDED, encoder, gallery, made, 1, log, saving(file), start=file)
    second = load_ip_adapter(file, torch.float32, "cpu").image_proj.get_parameter("proj.weight")
    assert not torch.equal(first, second)
    person = tmp_path / "person.safetensors"
    train_photomaker(EMBEDDED, encoder, gallery, made, 1, log, saving(person))
    named = load_photomaker(person, torch.float32, "cpu").visual_projection.weight
    train_photomaker(EMBEDDED, encoder, gallery, made, 1, log, saving(person), start=person)
    assert read_header(person).metadata[STEPS_KEY] == "2"
    drawn = load_photomaker(person, torch.float32, "cpu").visual_projection.weight
    assert not torch.equal(named, drawn)
