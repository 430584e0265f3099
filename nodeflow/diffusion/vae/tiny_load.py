"""TAESD out of its files."""

from collections.abc import Sequence
from pathlib import Path

import torch

from nodeflow.diffusion.checkpoint.load import fill
from nodeflow.diffusion.checkpoint.reader import WeightsReader
from nodeflow.diffusion.checkpoint.stored import Stored
from nodeflow.diffusion.vae.tiny import TinyAutoencoder
from nodeflow.diffusion.vae.tiny_files import read_tiny


def load_tiny(
    files: Sequence[Path], scale_factor: float, device: str, decoder_only: bool = False
) -> TinyAutoencoder:
    """In float32. Raises CheckpointError where a weight is missing or of another shape.

    decoder_only: the encoder is left without weights.
    """
    found = read_tiny(files, decoder_only)
    with torch.device("meta"):
        vae = TinyAutoencoder(scale_factor, found.width, found.channels)
    ours = [name for name, _ in vae.named_parameters()]
    for half in (vae.decoder,) if decoder_only else (vae.encoder, vae.decoder):
        prefix = "encoder." if half is vae.encoder else "decoder."
        wanted = [name for name in ours if name.startswith(prefix)]
        (file,) = {found.names[name][0] for name in wanted if name in found.names}
        names = {
            name.removeprefix(prefix): Stored(found.names.get(name, (file, name))[1])
            for name in wanted
        }
        with WeightsReader(file) as reader:
            fill(half, reader, names, torch.float32, device)
    return vae.eval()
