"""A Control-LoRA that keeps the embedded model to the edges of a picture."""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from nodeflow.diffusion.checkpoint.layout import Naming, Place
from nodeflow.diffusion.checkpoint.load import load_unet
from nodeflow.diffusion.control.config import ControlNetConfig
from nodeflow.diffusion.control.files import LORA, own_names
from nodeflow.diffusion.control.net import ControlNetModel, HintEmbedding, copied_from
from nodeflow.diffusion.training.adapter_start import uniform
from nodeflow.diffusion.training.beside import goal_of
from nodeflow.diffusion.training.learn import Save, Weights, learn, put_back
from nodeflow.diffusion.training.placed import Batch, Examples, hint_of
from nodeflow.diffusion.unet.interventions import Interventions
from nodeflow.diffusion.unet.model import UNet2DConditionModel

HINT = (8, 16, 32, 64)
RANK = 32
RATE = 1e-3


class LowRankAdded(nn.Module):
    """A weight that is another's plus `up @ down`."""

    def __init__(self, up: Tensor, down: Tensor) -> None:
        super().__init__()
        self.up, self.down = up, down

    def forward(self, weight: Tensor) -> Tensor:
        """The changed weight."""
        return weight + (self.up @ self.down.flatten(1)).reshape(weight.shape)


def low_rank(net: ControlNetModel, base: UNet2DConditionModel, seed: int) -> Weights:
    """Let every matrix and kernel that the UNet has too be its own plus two small factors.

    Returns what is trained, by the names of a Control-LoRA file.
    """
    names = own_names(net_config(base), Place("", Naming.LDM))
    theirs = {name for name, _ in base.named_parameters()}
    generator = torch.Generator().manual_seed(seed)
    learnt: Weights = {}
    for ours, parameter in list(net.named_parameters()):
        parameter.requires_grad_(ours not in theirs)
        if ours not in theirs:
            learnt[names[ours]] = parameter
        elif parameter.dim() > 1:
            rank = min(RANK, *parameter.flatten(1).shape)
            up = torch.zeros(parameter.shape[0], rank).requires_grad_()
            inner = parameter.flatten(1).shape[1]
            down = uniform((rank, *parameter.shape[1:]), inner, generator).requires_grad_()
            stem = names[ours].removesuffix("weight")
            learnt |= {f"{stem}up": up, f"{stem}down": down}
            module = net.get_submodule(ours.rpartition(".")[0])
            parametrize.register_parametrization(module, "weight", LowRankAdded(up, down))
    return learnt


def wake(embedding: HintEmbedding, hint: Tensor) -> None:
    """Start with features as large as half of what they are added to.

    The published start has a last layer of 0, and layers before it through which lines of edges
    shrink to a ten-thousandth: it learns from edges only after many thousand steps. The outputs of
    the control net are 0 at first all the same.
    """
    for layer in embedding.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    with torch.no_grad():
        embedding.conv_out.weight *= 0.5 / embedding(hint).std()


def net_config(base: UNet2DConditionModel) -> ControlNetConfig:
    """Sizes of the control net of a model."""
    return ControlNetConfig(base.config, hint=HINT)


def train_control(
    checkpoint: Path, examples: Examples, steps: int, log: Path, save: Save,
    start: Path | None = None,
) -> None:  # fmt: skip
    """Train, and save the file's tensors now and then. start: a file to go on from."""
    unet = load_unet(checkpoint, torch.float32, "cpu")
    torch.manual_seed(1)
    net = copied_from(unet, net_config(unet))
    wake(net.controlnet_cond_embedding, hint_of(examples.pairs, slice(64)))
    learnt = low_rank(net, unet, seed=1)
    done = 0 if start is None else put_back(learnt, start)

    def steer(batch: Batch) -> Interventions:
        hint = hint_of(examples.pairs, batch.picks)
        made: Interventions = net(batch.x, batch.at, batch.context, None, hint)
        return made

    def marked(tensors: Weights, made: int) -> None:
        save({**tensors, LORA: torch.zeros(0)}, made)

    learn(learnt, goal_of(unet, examples, steer), steps, RATE, log, marked, done)
