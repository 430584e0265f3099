"""A T2I adapter that keeps the embedded model's subjects to a silhouette."""

from pathlib import Path

import torch

from nodeflow.diffusion.checkpoint.load import load_unet
from nodeflow.diffusion.control.config import AdapterConfig
from nodeflow.diffusion.control.t2i import T2IAdapter
from nodeflow.diffusion.control.t2i_files import PREFIX
from nodeflow.diffusion.training.beside import goal_of
from nodeflow.diffusion.training.learn import Save, Weights, learn, put_back
from nodeflow.diffusion.training.placed import Batch, Examples, hint_of
from nodeflow.diffusion.unet.interventions import Interventions

RATE = 1e-3
LAYERS = 1


def train_t2i(
    checkpoint: Path, examples: Examples, steps: int, log: Path, save: Save,
    start: Path | None = None,
) -> None:  # fmt: skip
    """Train, and save the file's tensors, by diffusers' names, now and then."""
    unet = load_unet(checkpoint, torch.float32, "cpu")
    torch.manual_seed(1)
    net = T2IAdapter(AdapterConfig(1, unet.config.block_out_channels, LAYERS))
    learnt: Weights = {PREFIX + name: parameter for name, parameter in net.named_parameters()}
    done = 0 if start is None else put_back(learnt, start)

    def steer(batch: Batch) -> Interventions:
        hint = hint_of(examples.pairs, batch.picks)
        made: Interventions = net(batch.x, batch.at, batch.context, None, hint)
        return made

    learn(learnt, goal_of(unet, examples, steer), steps, RATE, log, save, done)
