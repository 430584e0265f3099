"""A Control-LoRA is trained, goes on from its file, and loads like any other."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from nodeflow.diffusion.checkpoint.header import read_header
from nodeflow.diffusion.checkpoint.load import load_unet
from nodeflow.diffusion.checkpoint.write import write_tensors
from nodeflow.diffusion.control.files import ControlKind, read_control
from nodeflow.diffusion.control.load import load_control_lora
from nodeflow.diffusion.control.net import copied_from
from nodeflow.diffusion.text.transformer import ClipTextTransformer
from nodeflow.diffusion.training.command import DATA
from nodeflow.diffusion.training.control import net_config, train_control, wake
from nodeflow.diffusion.training.emoji import read_subjects
from nodeflow.diffusion.training.placed import Examples, Pairs, hint_of
from nodeflow.diffusion.training.scene import Library
from nodeflow.diffusion.training.text import text_config
from nodeflow.diffusion.training.vocabulary import vocabulary_of

EMBEDDED = Path(__file__).parents[3] / "nodeflow/models/checkpoints/tiny-emoji.safetensors"
LIBRARY = Library(
    tuple(read_subjects(DATA / "subjects.tsv")[:3]), np.zeros((3, 8, 8, 4), dtype=np.uint8)
)


def pairs() -> Pairs:
    """Random latents, and sparse lines as their edges."""
    generator = torch.Generator().manual_seed(0)
    lines = torch.rand(4, 128, 128, generator=generator) < 0.05
    latents = torch.randn(4, 4, 16, 16, generator=generator)
    return Pairs(latents, lines.byte() * 255, (0, 1, 2, 0), ("red", "blue", "green", "pink"))


def test_it_learns_goes_on_and_loads(tmp_path: Path) -> None:
    vocabulary = vocabulary_of(LIBRARY.subjects)
    text = ClipTextTransformer(text_config(vocabulary))
    examples = Examples(pairs(), LIBRARY, vocabulary, text)
    file, log = tmp_path / "lora.safetensors", tmp_path / "log.csv"

    def save(tensors: dict[str, Tensor], done: int) -> None:
        write_tensors(file, tensors, {"nodeflow.steps": str(done)})

    train_control(EMBEDDED, examples, 1, log, save)
    first = read_header(file)
    train_control(EMBEDDED, examples, 1, log, save, start=file)
    assert read_header(file).metadata["nodeflow.steps"] == "2"
    assert read_header(file).tensors.keys() == first.tensors.keys()
    unet = load_unet(EMBEDDED, torch.float32, "cpu")
    found = read_control(file)
    assert found.kind is ControlKind.LORA
    net = load_control_lora(found, torch.float32, "cpu", unet)
    assert float(net.controlnet_mid_block.weight.abs().max()) > 0


def test_edges_are_heard_from_the_first_step() -> None:
    unet = load_unet(EMBEDDED, torch.float32, "cpu")
    embedding = copied_from(unet, net_config(unet)).controlnet_cond_embedding
    hint = hint_of(pairs(), slice(None))
    wake(embedding, hint)
    with torch.no_grad():
        assert abs(float(embedding(hint).std()) - 0.5) < 1e-3
        assert float(embedding(torch.zeros_like(hint)).abs().max()) == 0
