"""IP-Adapters out of their files."""

from pathlib import Path

import torch

from nodeflow.diffusion.checkpoint.load import fill, warn_unused
from nodeflow.diffusion.checkpoint.reader import WeightsReader
from nodeflow.diffusion.checkpoint.stored import Stored
from nodeflow.diffusion.ip_adapter.files import read_ip_adapter
from nodeflow.diffusion.ip_adapter.network import IPAdapter


def load_ip_adapter(path: Path, dtype: torch.dtype, device: str) -> IPAdapter:
    """The whole adapter. Raises CheckpointError where weights are missing or do not fit."""
    file = read_ip_adapter(path)
    with torch.device("meta"):
        network = IPAdapter(file.config)
    names = {name: Stored(name) for name, _ in network.named_parameters()}
    warn_unused(path.name, file.header.tensors.keys() - names.keys())
    with WeightsReader(path) as reader:
        fill(network, reader, names, dtype, device)
    return network.eval()
