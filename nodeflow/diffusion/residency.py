"""Which weights are in memory: recipes to modules, each file's part read once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar, cast

import torch
from torch import nn

from nodeflow.diffusion.checkpoint.load import Loader, load_text, load_unet, load_vae
from nodeflow.diffusion.recipe import ClipRecipe, ModelRecipe, VaeRecipe, WeightsFile
from nodeflow.diffusion.text.transformer import ClipTextTransformer
from nodeflow.diffusion.unet.model import UNet2DConditionModel
from nodeflow.diffusion.vae.model import AutoencoderKL

M = TypeVar("M", bound=nn.Module)
KEEP_BYTES = 1_000_000_000


def weight_bytes(module: nn.Module) -> int:
    """Memory that a module's weights take."""
    return sum(p.numel() * p.element_size() for p in module.parameters())


def compute_dtype(device: str) -> torch.dtype:
    """float32 on a CPU, float16 on a GPU."""
    return torch.float16 if device.startswith("cuda") else torch.float32


@dataclass
class Residency:
    """Modules of one device. Parts are let go, oldest first, once `keep_bytes` is exceeded.

    So a text encoder of full size is gone before the UNet comes, and small models all stay.
    """

    device: str = "cpu"
    keep_bytes: int = KEEP_BYTES
    _modules: dict[tuple[str, str], nn.Module] = field(default_factory=dict)

    def unet(self, recipe: ModelRecipe) -> UNet2DConditionModel:
        """The denoising network of a model."""
        return cast(UNet2DConditionModel, self._get("unet", recipe.source, load_unet))

    def text_encoder(self, recipe: ClipRecipe) -> ClipTextTransformer:
        """The text encoder."""
        return cast(ClipTextTransformer, self._get("text", recipe.source, load_text))

    def vae(self, recipe: VaeRecipe) -> AutoencoderKL:
        """The autoencoder."""
        return cast(AutoencoderKL, self._get("vae", recipe.source, load_vae))

    def _get(self, part: str, source: WeightsFile, load: Loader) -> nn.Module:
        key = (part, source.fingerprint)
        if key in self._modules:
            self._modules[key] = self._modules.pop(key)
            return self._modules[key]
        self._make_room()
        dtype = torch.float32 if part == "vae" else compute_dtype(self.device)
        module = load(Path(source.path), dtype, self.device)
        self._modules[key] = module
        return module

    def _make_room(self) -> None:
        while self._modules and sum(map(weight_bytes, self._modules.values())) > (
            self.keep_bytes // 4
        ):
            del self._modules[next(iter(self._modules))]


def residency_of(device: str) -> tuple[type[Residency], Callable[[], Residency]]:
    """The kind of resource and how to make it, as a run context asks."""
    return Residency, lambda: Residency(device)
