"""GLIGEN out of its files."""

from pathlib import Path

import torch

from nodeflow.diffusion.checkpoint.load import fill, warn_unused
from nodeflow.diffusion.checkpoint.reader import WeightsReader
from nodeflow.diffusion.checkpoint.stored import Stored
from nodeflow.diffusion.gligen.files import read_gligen
from nodeflow.diffusion.gligen.network import Gligen


def load_gligen(path: Path, dtype: torch.dtype, device: str) -> Gligen:
    """All networks. Raises CheckpointError where weights are missing or do not fit."""
    file = read_gligen(path)
    with torch.device("meta"):
        network = Gligen(file.config)
    own = {name for name, _ in network.named_parameters()}
    warn_unused(path.name, [*file.unknown, *(t for o, t in file.names.items() if o not in own)])
    with WeightsReader(path) as reader:
        names = {ours: Stored(file.names.get(ours, ours)) for ours in own}
        fill(network, reader, names, dtype, device)
    return network.eval()
