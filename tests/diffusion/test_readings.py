"""How each family reads its text encoders, held against the towers themselves."""

import pytest
import torch

from nodeflow.diffusion.conditioning import ImagePrompt
from nodeflow.diffusion.guidance.labels import image_labels
from nodeflow.diffusion.guidance.noise_augmentation import ImageNoise
from nodeflow.diffusion.recipe import FamilyName, Tower
from nodeflow.diffusion.text.config import TextConfig
from nodeflow.diffusion.text.encode import encode_prompt
from nodeflow.diffusion.text.encoders import TextEncoders
from nodeflow.diffusion.text.tokenizer import END, START, load_tokenizer
from nodeflow.diffusion.text.transformer import ClipTextTransformer

F, T = FamilyName, Tower
CONVENTIONS = [
    (F.SD1, T.L, -1, True, END), (F.SD2, T.H, -2, True, 0), (F.UPSCALER, T.H, -2, True, 0),
    (F.SDXL, T.L, -2, False, END), (F.SDXL, T.G, -2, False, 0), (F.REFINER, T.G, -2, False, 0),
]  # fmt: skip
WIDTHS = {T.L: 32, T.H: 48, T.G: 64}


def tower(which: Tower) -> ClipTextTransformer:
    """A small encoder; only G projects."""
    torch.manual_seed(WIDTHS[which])
    width = WIDTHS[which]
    projection = 24 if which is T.G else None
    config = TextConfig(width=width, layers=3, heads=2, inner=64, projection=projection)
    made = ClipTextTransformer(config).eval()
    norm = made.text_model.final_layer_norm
    torch.nn.init.normal_(norm.weight)
    return made


def padded(text: str, pad: int) -> torch.Tensor:
    """The 77 tokens of a short prompt."""
    ids = load_tokenizer().encode(text)
    return torch.tensor([[START, *ids, END, *[pad] * (75 - len(ids))]])


@pytest.mark.parametrize(("family", "which", "layer", "normed", "pad"), CONVENTIONS)
def test_layer_norm_and_padding(
    family: FamilyName, which: Tower, layer: int, normed: bool, pad: int
) -> None:
    encoder = tower(which)
    (entry,) = encode_prompt(TextEncoders(family, {which: encoder}), "a red apple")
    tokens = padded("a red apple", pad)
    with torch.no_grad():
        wanted = encoder(tokens, layer=layer, final_norm=False)
        if normed:
            wanted = encoder.text_model.final_layer_norm(wanted)
        assert torch.allclose(entry.embedding, wanted, atol=1e-5)
        last = encoder(tokens)
        assert entry.pooled is not None
        assert torch.allclose(entry.pooled, encoder.pooled(last, tokens), atol=1e-5)


def test_sdxl_joins_l_before_g_and_pools_gs_first_chunk() -> None:
    towers = {T.L: tower(T.L), T.G: tower(T.G)}
    encoders = TextEncoders(F.SDXL, towers)
    long = "apple " * 75
    (entry,) = encode_prompt(encoders, long + "cat")
    (first,) = encode_prompt(encoders, long)
    (l_alone,) = encode_prompt(TextEncoders(F.SDXL, {T.L: towers[T.L]}), long + "cat")
    assert entry.embedding.shape == (1, 154, 32 + 64)
    assert torch.equal(entry.embedding[..., :32], l_alone.embedding)
    assert entry.pooled is not None and first.pooled is not None
    assert entry.pooled.shape == (1, 24) and torch.allclose(entry.pooled, first.pooled, atol=1e-5)
    with torch.no_grad():
        tokens = torch.tensor([[START, *load_tokenizer().encode(long), END]])
        state = towers[T.G](tokens)[:, 76]
        wanted = towers[T.G].text_projection(state)
    assert torch.allclose(entry.pooled, wanted, atol=1e-5)


def test_several_pictures_are_summed_and_noised_at_a_twentieth() -> None:
    noise = ImageNoise(torch.zeros(6), torch.ones(6))
    a, b = torch.linspace(-1, 1, 6)[None], torch.linspace(2, 0, 6)[None]
    found = image_labels((ImagePrompt(a, 0.5, 0.3), ImagePrompt(b, 2.0, 0.0)), noise, seed=3)
    parts = noise(a, 0.3, 3)[:, :6] * 0.5 + noise(b, 0.0, 3)[:, :6] * 2.0
    assert torch.allclose(found, noise(parts, 0.05, 3), atol=1e-6)
