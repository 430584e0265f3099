"""Hypernetworks out of their files."""

from pathlib import Path

import torch

from nodeflow.diffusion.checkpoint.header import read_header
from nodeflow.diffusion.checkpoint.load import fill, warn_unused
from nodeflow.diffusion.checkpoint.reader import WeightsReader
from nodeflow.diffusion.checkpoint.stored import Stored
from nodeflow.diffusion.hypernetworks.files import read_hypernetwork
from nodeflow.diffusion.hypernetworks.network import Hypernetwork


def load_hypernetwork(path: Path, dtype: torch.dtype, device: str) -> Hypernetwork:
    """All its networks. Raises CheckpointError where weights are missing or do not fit."""
    file = read_hypernetwork(read_header(path))
    with torch.device("meta"):
        network = Hypernetwork(file.config)
    warn_unused(path.name, file.unknown)
    with WeightsReader(path) as reader:
        names = {ours: Stored(theirs) for ours, theirs in file.names.items()}
        fill(network, reader, names, dtype, device)
    return network.eval()
