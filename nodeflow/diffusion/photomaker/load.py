"""PhotoMaker out of its file."""

from pathlib import Path

import torch

from nodeflow.diffusion.checkpoint.load import fill, warn_unused
from nodeflow.diffusion.checkpoint.reader import WeightsReader
from nodeflow.diffusion.checkpoint.stored import Stored
from nodeflow.diffusion.photomaker.files import read_photomaker
from nodeflow.diffusion.photomaker.network import PhotoMaker


def load_photomaker(path: Path, dtype: torch.dtype, device: str) -> PhotoMaker:
    """The whole encoder. Raises CheckpointError where weights are missing or do not fit."""
    file = read_photomaker(path)
    with torch.device("meta"):
        network = PhotoMaker(file.vision, file.second)
    own = {name for name, _ in network.named_parameters()}
    warn_unused(path.name, [*file.unknown, *(t for o, t in file.names.items() if o not in own)])
    with WeightsReader(path) as reader:
        names = {ours: Stored(file.names.get(ours, ours)) for ours in own}
        fill(network, reader, names, dtype, device)
    return network.eval()
