"""Whole published UNets with random weights, ours and diffusers', and one question to both."""

from dataclasses import dataclass
from typing import Any

import torch
from diffusers import UNet2DConditionModel as ReferenceUNet
from torch import Tensor, nn

from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.diffusion.unet.interventions import NONE, Interventions
from nodeflow.diffusion.unet.model import UNet2DConditionModel
from nodeflow.diffusion.unet.timestep import timestep_features
from tests.diffusion.closeness import relative_l2
from tests.diffusion.test_family_parity import TEXT_TIME, reference_unet, sdxl

SD1 = UNetConfig()
SDXL_SHORT = sdxl((0, 2, 2))
"""SDXL with two transformer blocks for ten."""


def theirs(config: UNetConfig = SD1, **more: object) -> ReferenceUNet:
    """diffusers' UNet; the same weights each time."""
    torch.manual_seed(0)
    if config.label_width:
        more |= {"projection_class_embeddings_input_dim": config.label_width, **TEXT_TIME}
    return reference_unet(config, **more).requires_grad_(False)


def twin(reference: nn.Module, config: UNetConfig = SD1, **more: object) -> ReferenceUNet:
    """Another of diffusers' UNets with the very weights; what it has more is random."""
    with torch.device("meta"):
        made = theirs(config, **more)
    given = reference.state_dict()
    made.load_state_dict(given, strict=False, assign=True)
    drawn = torch.Generator().manual_seed(1)
    for name, parameter in made.named_parameters():
        if name not in given:
            fan = parameter.shape[-1] if parameter.dim() > 1 else 1
            value = torch.randn(parameter.shape, generator=drawn) * fan**-0.5
            owner, _, leaf = name.rpartition(".")
            setattr(made.get_submodule(owner), leaf, nn.Parameter(value, requires_grad=False))
    return made


def ours(reference: nn.Module, config: UNetConfig = SD1) -> UNet2DConditionModel:
    """Our UNet with the very weights of another; what it has more is left out."""
    with torch.device("meta"):
        unet = UNet2DConditionModel(config).eval()
    wanted = unet.state_dict().keys()
    unet.load_state_dict(
        {n: t for n, t in reference.state_dict().items() if n in wanted}, assign=True
    )
    return unet.requires_grad_(False)


@dataclass(frozen=True)
class Question:
    """One row for a UNet. label: pooled text and six sizes beside the time, for SDXL."""

    x: Tensor
    t: Tensor
    text: Tensor
    pooled: Tensor | None = None
    sizes: Tensor | None = None

    @property
    def label(self) -> Tensor | None:
        """As ours takes it."""
        if self.pooled is None or self.sizes is None:
            return None
        numbers = timestep_features(self.sizes.flatten(), 256).reshape(1, -1)
        return torch.cat([self.pooled, numbers], dim=1)

    @property
    def added(self) -> dict[str, Any]:
        """As diffusers takes it."""
        if self.pooled is None:
            return {}
        return {"text_embeds": self.pooled, "time_ids": self.sizes}


def question(config: UNetConfig = SD1, side: int = 8) -> Question:
    """Noise, 77 tokens of text, a time."""
    made = torch.Generator().manual_seed(7)
    x = torch.randn(1, 4, side, side, generator=made)
    text = torch.randn(1, 77, config.context_width, generator=made)
    if not config.label_width:
        return Question(x, torch.tensor([481.0]), text)
    sizes = torch.tensor([[1024.0, 768.0, 0.0, 8.0, 1024.0, 960.0]])
    pooled = torch.randn(1, 1280, generator=made)
    return Question(x, torch.tensor([481.0]), text, pooled, sizes)


def asked(unet: UNet2DConditionModel, q: Question, acting: Interventions = NONE) -> Tensor:
    """Our answer."""
    with torch.no_grad():
        out: Tensor = unet(q.x, q.t, q.text, q.label, acting)
    return out


def they_asked(unet: Any, q: Question, added: dict[str, Any] | None = None, **more: Any) -> Tensor:
    """diffusers' answer; added: further conditions beside those of SDXL."""
    conditions = {**q.added, **(added or {})}
    with torch.no_grad():
        out: Tensor = unet(q.x, q.t, q.text, added_cond_kwargs=conditions, **more).sample
    return out


def same(what: str, found: Tensor, wanted: Tensor, plain: Tensor) -> None:
    """Hold an answer against its reference, and tell how far it was; plain: without a change."""
    distance, effect = relative_l2(found, wanted), relative_l2(plain, wanted)
    print(f"\n{what}: {distance:.1e} (effect {effect:.1e})")
    assert distance < 1e-5, what
    assert effect > 1e-3, what
