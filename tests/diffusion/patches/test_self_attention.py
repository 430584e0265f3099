"""Self-attention guidance, by its formula, by its map of attention, and on the embedded model."""

from pathlib import Path

import torch
from torch import Tensor

from nodeflow.diffusion.checkpoint.open import open_checkpoint
from nodeflow.diffusion.guidance.rows import Rows, Wish
from nodeflow.diffusion.guidance.self_attention import SelfAttention
from nodeflow.diffusion.latent_scale import LatentScale
from nodeflow.diffusion.residency import Residency
from nodeflow.diffusion.samplers.step import ModelCall
from nodeflow.diffusion.sampling.probe import received
from nodeflow.diffusion.sampling.recording import WishKeys, decode, encode
from nodeflow.diffusion.sampling.resident import model_of
from nodeflow.diffusion.sampling.setting import Setting, Space
from nodeflow.diffusion.sampling.trajectory import Prompts
from nodeflow.diffusion.schedule.discrete import stable_diffusion
from tests.diffusion.patches.embedded import sampled
from tests.diffusion.test_guiders import entry
from tests.nodes.test_behaviour import call

EMBEDDED = Path(__file__).parents[3] / "nodeflow/models/checkpoints/tiny-emoji.safetensors"
X = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))


def gaussian(x: Tensor, sigma: float) -> Tensor:
    """Nine taps, borders mirrored; by the definition in float64."""
    taps = [torch.exp(torch.tensor(-0.5 * (d / sigma) ** 2, dtype=torch.float64)) for d in
            range(-4, 5)]  # fmt: skip
    total = sum(taps)
    for axis in (2, 3):
        size = x.shape[axis]
        mirrored = [[abs(i + d) if i + d < size else 2 * size - 2 - i - d for i in range(size)]
                    for d in range(-4, 5)]  # fmt: skip
        x = sum(t / total * x.index_select(axis, torch.tensor(m))
                for t, m in zip(taps, mirrored, strict=True))  # fmt: skip
    return x


def test_the_formula() -> None:
    """Two wishes: both sides and the map; then the negative side of the blurred latent."""
    space = Space(stable_diffusion(), LatentScale(0.18215), patches=(SelfAttention(0.7, 1.5),))
    guide = Prompts(entry(3.0), entry(1.0), 5.0).guider(Setting(space, X, None, 0))(
        ModelCall(X, 5.0, 0)
    )
    wish = next(guide)
    assert [rows.probed for rows in wish] == [False, True]
    wanted, unwanted = torch.randn(1, 4, 8, 8), torch.randn(1, 4, 8, 8)
    mask = (torch.rand(1, 1, 8, 8) > 0.5).double()
    (again,) = guide.send([wanted, torch.cat([unwanted, mask.float() * 2], dim=1)])
    smooth = gaussian(unwanted.double(), 1.5) * mask + unwanted * (1 - mask)
    assert torch.allclose(again.x.double(), X - unwanted + smooth, atol=1e-5)
    assert float(again.embedding.mean()) == 1.0 and not again.probed
    clean = torch.randn(1, 4, 8, 8)
    try:
        guide.send([clean])
    except StopIteration as end:
        expected = unwanted + 5 * (wanted - unwanted) + 0.7 * (smooth - clean)
        assert torch.allclose(end.value.double(), expected, atol=1e-4)
    else:
        raise AssertionError("two wishes are all")


def test_the_map_is_the_attention_that_cells_receive() -> None:
    q, k = torch.randn(2, 6, 8), torch.randn(2, 6, 8)
    wanted = torch.zeros(2, 6, dtype=torch.float64)
    for head in range(2):
        part = slice(head * 4, head * 4 + 4)
        scores = q[..., part].double() @ k[..., part].double().transpose(1, 2) / 2
        wanted += scores.softmax(-1).sum(1) / 2
    assert torch.allclose(received(q, k, 2).double(), wanted, atol=1e-6)


def test_probed_answers_have_one_more_channel_and_are_recorded_as_such() -> None:
    model = model_of(open_checkpoint(EMBEDDED, "print").model, Residency("cpu"))
    text = torch.randn(1, 7, 192)
    plain, probed = Rows(X, 5.0, text), Rows(X, 5.0, text, variant="look", probed=True)
    with torch.no_grad():
        (bare,), (answer,) = model([plain]), model([probed])
    assert torch.equal(answer[:, :4], bare) and answer.shape == probed.answer_shape == (1, 5, 8, 8)
    assert torch.isclose(answer[:, 4].mean(), torch.tensor(1.0), atol=1e-4)
    wish: Wish = (probed,)
    stored = decode(encode([answer]), wish)
    assert stored is not None and torch.equal(stored[0], answer)
    assert WishKeys("m").of(wish) != WishKeys("m").of((plain,))
    assert decode(encode([bare]), wish) is None


def test_the_node() -> None:
    plain = sampled()
    assert torch.equal(sampled(lambda m: call("SelfAttentionGuidance", m, 0.0)), plain)
    assert not torch.allclose(
        sampled(lambda m: call("SelfAttentionGuidance", m, 2.0)), plain, atol=1e-3
    )
    small = sampled(size=4)
    assert torch.equal(sampled(lambda m: call("SelfAttentionGuidance", m), 4), small)
