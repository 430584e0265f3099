"""What stays in memory and what is let go."""

from pathlib import Path

import torch

from nodeflow.diffusion.checkpoint.load import weight_count
from nodeflow.diffusion.checkpoint.open import open_checkpoint
from nodeflow.diffusion.checkpoint.parts import unet_part, vae_part
from nodeflow.diffusion.recipe import Tower
from nodeflow.diffusion.residency import Residency

EMBEDDED = Path(__file__).parents[2] / "nodeflow/models/checkpoints/tiny-emoji.safetensors"


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
