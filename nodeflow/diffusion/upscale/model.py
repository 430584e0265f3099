"""UPSCALE_MODEL values: which file, and its network in memory while it is used."""

from dataclasses import dataclass
from pathlib import Path

import torch

from nodeflow.diffusion.checkpoint.header import CheckpointError, read_header
from nodeflow.diffusion.checkpoint.load import fill
from nodeflow.diffusion.checkpoint.reader import WeightsReader
from nodeflow.diffusion.checkpoint.stored import Stored
from nodeflow.diffusion.packed import pack
from nodeflow.diffusion.recipe import WeightsFile
from nodeflow.diffusion.upscale.esrgan import RRDBNet
from nodeflow.diffusion.upscale.names import config_of

LARGEST = 512
"""Channels above which a header is not believed."""


@dataclass(frozen=True, slots=True)
class UpscaleRecipe:
    """An upscaler by its file, and how many times larger it makes a picture."""

    source: WeightsFile
    scale: int


def open_upscaler(path: Path, fingerprint: str) -> UpscaleRecipe:
    """Read the header. Raises CheckpointError where it is no upscaler that can be used."""
    config, _ = config_of(read_header(path))
    if max(config.width, config.growth, config.blocks) > LARGEST or config.unshuffle > 4:
        raise CheckpointError("its sizes are those of no upscaler")
    if config.doublings > 4:
        raise CheckpointError(f"it enlarges {config.doublings} times by two, at most 4 are taken")
    return UpscaleRecipe(WeightsFile(str(path), fingerprint), config.scale)


def load_upscaler(path: Path, device: str) -> RRDBNet:
    """The network with its weights, float32 on a CPU, float16 on a GPU."""
    config, names = config_of(read_header(path))
    with torch.device("meta"):
        network = RRDBNet(config)
    known = {name for name, _ in network.named_parameters()}
    foreign = [theirs for theirs, ours in names.items() if ours not in known]
    if foreign:
        raise CheckpointError(f"it holds '{foreign[0]}', which ESRGAN's network does not have")
    dtype = torch.float16 if device.startswith("cuda") else torch.float32
    with WeightsReader(path) as reader:
        sources = {ours: Stored(theirs) for theirs, ours in names.items()}
        fill(network, reader, sources, dtype, device)
    pack(network)
    return network.eval()


class Upscalers:
    """The upscaler used last; another one takes its place."""

    def __init__(self, device: str) -> None:
        self.device = device
        self._held: tuple[str, RRDBNet] | None = None

    def get(self, recipe: UpscaleRecipe) -> RRDBNet:
        """The network of a recipe, read at most once in a row."""
        key = recipe.source.fingerprint or recipe.source.path
        if self._held is None or self._held[0] != key:
            self._held = None
            self._held = key, load_upscaler(Path(recipe.source.path), self.device)
        return self._held[1]
