"""Which weights are in memory: recipes to modules, each file's part read once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar, cast

import torch
from torch import nn

from nodeflow.diffusion.checkpoint.load import (
    Loader,
    Part,
    load_text,
    load_unet,
    load_vae,
    weight_count,
)
from nodeflow.diffusion.recipe import ClipRecipe, ModelRecipe, VaeRecipe, WeightsFile
from nodeflow.diffusion.text.transformer import ClipTextTransformer
from nodeflow.diffusion.unet.model import UNet2DConditionModel
from nodeflow.diffusion.vae.model import AutoencoderKL

M = TypeVar("M", bound=nn.Module)
BUDGET = 3_900_000_000


def weight_bytes(module: nn.Module) -> int:
    """Memory that a module's weights take."""
    return sum(p.numel() * p.element_size() for p in module.parameters())


def compute_dtype(device: str) -> torch.dtype:
    """float32 on a CPU, float16 on a GPU."""
    return torch.float16 if device.startswith("cuda") else torch.float32


@dataclass
class Residency:
    """Modules of one device within a budget of bytes, the least recently used let go first.

    With the default an SD1 UNet in float32 stays together with its VAE, and the text encoder
    is gone before the UNet comes; small models all stay. One module may exceed the budget alone.
    """

    device: str = "cpu"
    budget: int = BUDGET
    _modules: dict[tuple[Part, str], nn.Module] = field(default_factory=dict)

    def unet(self, recipe: ModelRecipe) -> UNet2DConditionModel:
        """The denoising network of a model."""
        return cast(UNet2DConditionModel, self._get("unet", recipe.source, load_unet))

    def text_encoder(self, recipe: ClipRecipe) -> ClipTextTransformer:
        """The text encoder."""
        return cast(ClipTextTransformer, self._get("text_encoder", recipe.source, load_text))

    def vae(self, recipe: VaeRecipe) -> AutoencoderKL:
        """The autoencoder."""
        return cast(AutoencoderKL, self._get("vae", recipe.source, load_vae))

    def _get(self, part: Part, source: WeightsFile, load: Loader) -> nn.Module:
        key = (part, source.fingerprint)
        if key in self._modules:
            self._modules[key] = self._modules.pop(key)
            return self._modules[key]
        dtype = torch.float32 if part == "vae" else compute_dtype(self.device)
        path = Path(source.path)
        self._make_room(weight_count(path, part) * dtype.itemsize)
        self._modules[key] = load(path, dtype, self.device)
        return self._modules[key]

    def _make_room(self, wanted: int) -> None:
        held = {key: weight_bytes(module) for key, module in self._modules.items()}
        for key in list(held):
            if sum(held.values()) + wanted <= self.budget:
                return
            del self._modules[key], held[key]


def residency_of(device: str) -> tuple[type[Residency], Callable[[], Residency]]:
    """The kind of resource and how to make it, as a run context asks."""
    return Residency, lambda: Residency(device)
