"""A hypernetwork that draws what the embedded model knows as an old photograph shows it."""

from pathlib import Path

import numpy as np
import torch
from torch import nn

from nodeflow.diffusion.checkpoint.load import load_unet
from nodeflow.diffusion.hypernetworks.config import HypernetworkConfig
from nodeflow.diffusion.hypernetworks.network import Hypernetwork, changed_contexts
from nodeflow.diffusion.training.beside import goal_of
from nodeflow.diffusion.training.learn import Save, Weights, learn, put_back
from nodeflow.diffusion.training.placed import Batch, Examples
from nodeflow.diffusion.training.scene import Pixels
from nodeflow.diffusion.unet.interventions import Interventions
from nodeflow.diffusion.unet.model import UNet2DConditionModel
from nodeflow.diffusion.unet.places import attention_places

RATE = 1e-3
LUMA = np.array([0.299, 0.587, 0.114])
SHADOW, PAPER = np.array([40.0, 22.0, 8.0]), np.array([250.0, 230.0, 190.0])
DARKER = 0.55
"""What a corner has of the light in the middle."""
SETTINGS = {"activation_func": "relu", "activate_output": "false"}


def old_photograph(scene: Pixels) -> Pixels:
    """Luminance from brown shadows to yellowed paper, darker towards the corners."""
    axis = np.linspace(-1, 1, len(scene))
    light = 1 - (1 - DARKER) * (axis[:, None] ** 2 + axis[None, :] ** 2) / 2
    share = (scene @ LUMA / 255 * light)[..., None]
    pixels: Pixels = (SHADOW + share * (PAPER - SHADOW)).astype(np.uint8)
    return pixels


def config_for(unet: UNet2DConditionModel) -> HypernetworkConfig:
    """Two layers for each width that attention looks at, twice as wide between."""
    config = unet.config
    widths = sorted({*attention_places(config).values(), config.context_width})
    return HypernetworkConfig(tuple((w, 2 * w, w) for w in widths), "relu")


def file_name(ours: str) -> str:
    """A1111's name of a weight; the activation stands between the two layers."""
    _, width, part, _, number, leaf = ours.split(".")
    return f"{width}.{part}.linear.{2 * int(number)}.{leaf}"


def train_hypernetwork(
    checkpoint: Path, examples: Examples, steps: int, log: Path, save: Save,
    start: Path | None = None,
) -> None:  # fmt: skip
    """Train, and save the file's tensors now and then; `SETTINGS` are to be its metadata."""
    unet = load_unet(checkpoint, torch.float32, "cpu")
    torch.manual_seed(1)
    net = Hypernetwork(config_for(unet))
    for name, parameter in net.named_parameters():
        if ".linears.1." in name:
            nn.init.zeros_(parameter)
    learnt: Weights = {file_name(name): parameter for name, parameter in net.named_parameters()}
    done = 0 if start is None else put_back(learnt, start)
    change = Interventions(contexts=changed_contexts([(net, 1.0)]))

    def steer(batch: Batch) -> Interventions:
        return change

    learn(learnt, goal_of(unet, examples, steer), steps, RATE, log, save, done)
