"""Training resumes exactly, and the data keep their promises."""

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from nodeflow.diffusion.checkpoint.load import load_text, load_unet, load_vae
from nodeflow.diffusion.recipe import Prediction
from nodeflow.diffusion.text.tokenizer import load_tokenizer
from nodeflow.diffusion.text.transformer import ClipTextTransformer
from nodeflow.diffusion.training.command import DATA
from nodeflow.diffusion.training.emoji import Subject, read_subjects
from nodeflow.diffusion.training.export import export
from nodeflow.diffusion.training.latents import LatentSet
from nodeflow.diffusion.training.lists import second_list
from nodeflow.diffusion.training.loop import Run, Schedule, train
from nodeflow.diffusion.training.scene import (
    COLOURS,
    HELD_OUT,
    Library,
    caption,
    colours_for,
    compose,
    with_article,
)
from nodeflow.diffusion.training.steps import known_labels
from nodeflow.diffusion.training.text import text_config, train_text
from nodeflow.diffusion.training.unet import CONFIG, Plan, timesteps, train_unet
from nodeflow.diffusion.training.vae import CONFIG as VAE
from nodeflow.diffusion.training.vae import normalise_latents, skip_path_first
from nodeflow.diffusion.training.vocabulary import vocabulary_of
from nodeflow.diffusion.unet.model import UNet2DConditionModel
from nodeflow.diffusion.vae.model import AutoencoderKL

SUBJECTS = read_subjects(DATA / "subjects.tsv")


def step_loss(
    model: nn.Module, fraction: float, generator: torch.Generator
) -> tuple[Tensor, dict[str, float]]:
    x = torch.randn(4, 8, generator=generator)
    return (model(x) - x.flip(1)).square().mean(), {}


@pytest.mark.parametrize("stop", [1, 7])
def test_resuming_gives_the_same_bits(tmp_path: Path, stop: int) -> None:
    def net() -> nn.Module:
        torch.manual_seed(0)
        return nn.Linear(8, 8)

    schedule = Schedule(1e-2, steps=12)
    whole = train(Run(tmp_path / "a", "x", schedule), net(), step_loss)
    train(Run(tmp_path / "b", "x", schedule), net(), step_loss, stop_after=stop)
    parts = train(Run(tmp_path / "b", "x", schedule), net(), step_loss)
    for left, right in zip(whole.parameters(), parts.parameters(), strict=True):
        assert torch.equal(left, right)


def test_the_rate_warms_up_holds_and_falls() -> None:
    schedule = Schedule(1.0, steps=100, hold=0.5)
    assert schedule.rate(0.001) < 0.2
    assert schedule.rate(0.1) == schedule.rate(0.5) == pytest.approx(1.0)
    assert schedule.rate(0.75) == pytest.approx(0.5) and schedule.rate(1.0) == pytest.approx(0)


def test_held_out_pairs_are_never_composed() -> None:
    labels = {subject.label: subject for subject in SUBJECTS}
    assert len(HELD_OUT) == len(set(HELD_OUT)) == 24
    for label, colour in HELD_OUT:
        assert colour in COLOURS and colour not in colours_for(labels[label])
    assert len(colours_for(labels["fox"])) == 10


def test_the_second_list_is_fixed() -> None:
    known = known_labels()
    pairs = second_list(known)
    assert len(pairs) == 24 and pairs == second_list(list(reversed(known)))
    assert not set(pairs) & set(HELD_OUT) and {label for label, _ in pairs} <= set(known)


def test_captions_name_subject_and_colour() -> None:
    rng = random.Random(0)
    for _ in range(50):
        text = caption(Subject("owl", ("owl",)), "orange", rng)
        assert "owl" in text and "orange" in text
        assert len(load_tokenizer().encode(text)) < 18
    assert with_article("owl") == "an owl" and with_article("unicorn") == "a unicorn"
    assert with_article("cherries") == "cherries" and with_article("bus") == "a bus"
    assert with_article("cactus") == "a cactus"


def test_scenes_have_the_named_ground() -> None:
    picture = np.zeros((128, 128, 4), dtype=np.uint8)
    scene = compose(picture, "red", random.Random(0))
    assert scene.shape == (128, 128, 3) and scene[..., 0].mean() > 3 * scene[..., 1].mean()


def test_timesteps_lean_to_noise() -> None:
    t = timesteps(1000, 0.7, torch.Generator().manual_seed(0))
    assert int(t.min()) >= 0 and int(t.max()) <= 999 and float(t.float().mean()) > 550


def test_normalised_latents_have_unit_deviation_and_decode_alike() -> None:
    torch.manual_seed(0)
    vae = AutoencoderKL(VAE)
    skip_path_first(vae)
    pool = torch.randint(0, 255, (4, 3, 64, 64), dtype=torch.uint8)
    x = pool.float() / 127.5 - 1
    with torch.no_grad():
        before = vae.decode(vae.encode(x))
        normalise_latents(vae, pool, 0.18215)
        latents = vae.encode(x) * 0.18215
        assert torch.allclose(vae.decode(vae.encode(x)), before, atol=1e-3)
    assert torch.allclose(latents.mean((0, 2, 3)), torch.zeros(4), atol=1e-3)
    assert torch.allclose(latents.std((0, 2, 3)), torch.ones(4), atol=1e-3)


def test_each_training_runs_and_the_file_gives_the_weights_back(tmp_path: Path) -> None:
    library = Library(tuple(SUBJECTS[:3]), np.zeros((3, 8, 8, 4), dtype=np.uint8))
    vocabulary = vocabulary_of(library.subjects)
    generator = torch.Generator().manual_seed(0)
    latents = LatentSet(
        torch.randn(12, 4, 16, 16, generator=generator).half(),
        torch.full((12, 4, 16, 16), 0.1).half(),
        torch.arange(12) % 3,
        torch.arange(12) % 10,
    )
    schedule = Schedule(1e-3, steps=2)
    text = train_text(Run(tmp_path, "text", schedule), library, vocabulary, latents, batch=4)
    plan = Plan([0, 1, 2], core=[0], core_until=0.5, batch=2)
    unet = train_unet(Run(tmp_path, "unet", schedule), library, vocabulary, latents, text, plan)
    assert (tmp_path / "unet.pt").exists()
    torch.manual_seed(1)
    vae = AutoencoderKL(VAE)
    path = tmp_path / "x.safetensors"
    export(path, unet, vae, text, vocabulary, Prediction.V, ["fox"])
    check_same(unet, load_unet(path, torch.float32, "cpu"))
    check_same(vae, load_vae(path, torch.float32, "cpu"))
    loaded = load_text(path, torch.float32, "cpu")
    rows = vocabulary.rows(["a monkey face on a red background"], 77)
    ids = torch.tensor([[vocabulary.ids[int(row)] for row in rows[0]]])
    with torch.no_grad():
        assert torch.allclose(loaded(ids), text(rows), atol=2e-2)
    assert unet.config == CONFIG and isinstance(unet, UNet2DConditionModel)
    assert ClipTextTransformer(text_config(vocabulary)).config == text.config


def check_same(before: nn.Module, after: nn.Module) -> None:
    """Equal up to the rounding to fp16."""
    weights = after.state_dict()
    for name, value in before.state_dict().items():
        assert torch.equal(value.half().float(), weights[name]), name
