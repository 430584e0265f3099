"""What stays in memory and what is let go."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from nodeflow.diffusion.adapters.open import model_with_adapter
from nodeflow.diffusion.checkpoint.load import half_count, weight_count
from nodeflow.diffusion.checkpoint.open import open_checkpoint
from nodeflow.diffusion.checkpoint.parts import unet_part, vae_part
from nodeflow.diffusion.guidance.rescale import RescaleCfg
from nodeflow.diffusion.recipe import Prediction, StoredAs, Tower, WeightsFile
from nodeflow.diffusion.residency import Residency
from nodeflow.diffusion.vae.codec import decode_latent, encode_image

MODELS = Path(__file__).parents[2] / "nodeflow/models"
EMBEDDED = MODELS / "checkpoints/tiny-emoji.safetensors"


def test_a_part_is_read_once_and_shared() -> None:
    opened = open_checkpoint(EMBEDDED, "print")
    residency = Residency()
    unet = residency.unet(opened.model)
    assert residency.unet(opened.model) is unet
    assert next(unet.parameters()).dtype == torch.float32
    assert not any(p.requires_grad for p in unet.parameters())
    again = open_checkpoint(EMBEDDED, "another content")
    assert residency.unet(again.model) is not unet


def test_the_budget_is_kept_oldest_first() -> None:
    opened = open_checkpoint(EMBEDDED, "print")
    unet_bytes = 4 * weight_count(unet_part(EMBEDDED))
    vae_bytes = 4 * weight_count(vae_part(EMBEDDED))
    residency = Residency(budget=unet_bytes + vae_bytes)
    text = residency.text_encoders(opened.clip).towers[Tower.L]
    unet = residency.unet(opened.model)
    assert residency.held_bytes() >= unet_bytes
    vae = residency.vae(opened.vae)
    assert residency.unet(opened.model) is unet and residency.vae(opened.vae) is vae
    assert residency.text_encoders(opened.clip).towers[Tower.L] is not text


def test_a_half_of_an_autoencoder_is_the_same_half(caplog: pytest.LogCaptureFixture) -> None:
    opened = open_checkpoint(EMBEDDED, "print")
    residency = Residency()
    decoder = residency.vae(opened.vae, "decoder")
    held = residency.held_bytes()
    encoder = residency.vae(opened.vae, "encoder")
    whole = residency.vae(opened.vae)
    assert 0 < held < 4 * weight_count(vae_part(EMBEDDED)) and not caplog.records
    assert residency.vae(opened.vae, "decoder") is decoder is not whole
    picture, latent = torch.rand(1, 32, 48, 3), torch.randn(1, 4, 4, 6)
    assert torch.equal(encode_image(encoder, picture), encode_image(whole, picture))
    assert torch.equal(decode_latent(decoder, latent), decode_latent(whole, latent))


def test_a_half_takes_room_for_a_half() -> None:
    opened = open_checkpoint(EMBEDDED, "print")
    halves = 4 * half_count(EMBEDDED, "encoder"), 4 * half_count(EMBEDDED, "decoder")
    assert sum(halves) == 4 * weight_count(vae_part(EMBEDDED))
    residency = Residency(budget=sum(halves) - 1)
    encoder = residency.vae(opened.vae, "encoder")
    residency.vae(opened.vae, "decoder")
    assert residency.held_bytes() == halves[1]
    assert residency.vae(opened.vae, "encoder") is not encoder


@pytest.mark.parametrize("lately", ["text", "encoder"])
def test_what_was_used_lately_stays(lately: str) -> None:
    opened = open_checkpoint(EMBEDDED, "print")
    residency = Residency()
    uses = {
        "text": lambda: residency.text_encoders(opened.clip).towers[Tower.L],
        "encoder": lambda: residency.vae(opened.vae, "encoder"),
    }
    other = next(name for name in uses if name != lately)
    kept, gone = uses[lately](), uses[other]()
    assert uses[lately]() is kept
    residency.budget = residency.held_bytes() + 4 * weight_count(unet_part(EMBEDDED)) - 1
    residency.unet(opened.model)
    assert uses[lately]() is kept and uses[other]() is not gone


def test_tensors_of_two_recipes_are_held_and_counted_once() -> None:
    opened = open_checkpoint(EMBEDDED, "print")
    lora = MODELS / "loras/tiny-flat.safetensors"
    residency = Residency()
    base = dict(residency.unet(opened.model).named_parameters())
    alone = residency.held_bytes()
    changed = model_with_adapter(opened.model, WeightsFile(str(lora), "lora"), 0.5)
    own = [p for n, p in residency.unet(changed).named_parameters() if p is not base[n]]
    assert 0 < len(own) < len(base) // 2
    assert residency.held_bytes() == alone + sum(p.numel() * p.element_size() for p in own)


def test_what_leaves_weights_alone_shares_the_network_and_rounding_does_not() -> None:
    opened = open_checkpoint(EMBEDDED, "print")
    residency = Residency()
    unet = residency.unet(opened.model)
    assert residency.unet(replace(opened.model, patches=(RescaleCfg(0.5),))) is unet
    assert residency.unet(replace(opened.model, prediction=Prediction.V)) is unet
    rounded = residency.unet(replace(opened.model, stored_as=StoredAs.E4M3))
    assert not torch.equal(rounded.conv_in.weight, unet.conv_in.weight)
