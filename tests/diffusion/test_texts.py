"""Keys and values of texts are kept between network calls, and change no bit."""

from pathlib import Path

import pytest
import torch

from nodeflow.diffusion.checkpoint.open import open_checkpoint
from nodeflow.diffusion.guidance.rows import Rows
from nodeflow.diffusion.residency import Residency
from nodeflow.diffusion.sampling.model import DenoisingModel
from nodeflow.diffusion.sampling.resident import model_of
from nodeflow.diffusion.sampling.texts import ROWS, Texts

EMBEDDED = Path(__file__).parents[2] / "nodeflow/models/checkpoints/tiny-emoji.safetensors"


@pytest.fixture(scope="module")
def residency() -> Residency:
    return Residency()


def model(residency: Residency) -> DenoisingModel:
    return model_of(open_checkpoint(EMBEDDED, "print").model, residency)


def test_later_steps_have_the_bits_of_a_first_step(residency: Residency) -> None:
    texts = torch.randn(1, 77, 192), torch.randn(1, 154, 192)
    kept = model(residency)
    with torch.no_grad():
        for sigma in (9.0, 3.0, 0.5):
            pieces = [Rows(torch.randn(2, 4, 8, 8), sigma, text) for text in texts]
            for found, fresh in zip(kept(pieces), model(residency)(pieces), strict=True):
                assert torch.equal(found, fresh)
        assert kept.texts.of([(p.embedding, p.x) for p in pieces])[1].made
        other = [Rows(piece.x, 0.5, text) for piece, text in zip(pieces, texts[::-1], strict=True)]
        for found, fresh in zip(kept(other), model(residency)(other), strict=True):
            assert torch.equal(found, fresh)


def test_only_so_many_rows_are_held() -> None:
    texts, x = Texts(), torch.zeros(4, 4, 8, 8)
    pieces = [[(torch.randn(1, 77, 8), x)] for _ in range(ROWS)]
    first = texts.of(pieces[0])[1]
    assert texts.of(pieces[0])[1] is first
    for each in pieces[1 : ROWS // 4]:
        texts.of(each)
    assert texts.of(pieces[0])[1] is first
    for each in pieces[1:]:
        texts.of(each)
    assert texts.of(pieces[0])[1] is not first
    many = [(torch.randn(1, 77, 8), x) for _ in range(ROWS)]
    assert texts.of(many)[0].shape == (4 * ROWS, 77, 8)
