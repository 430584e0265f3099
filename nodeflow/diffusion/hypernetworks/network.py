"""Hypernetworks as A1111's webui made them known; parameters named by width and by key or value."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import cast

import torch.nn.functional as F
from torch import Tensor, nn

from nodeflow.diffusion.hypernetworks.config import HypernetworkConfig
from nodeflow.diffusion.unet.interventions import ContextChange

ACTIVATIONS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "linear": lambda x: x, "relu": F.relu, "leakyrelu": F.leaky_relu, "elu": F.elu,
    "swish": F.hardswish, "tanh": F.tanh, "sigmoid": F.sigmoid, "celu": F.celu, "gelu": F.gelu,
    "hardshrink": F.hardshrink, "hardsigmoid": F.hardsigmoid, "hardswish": F.hardswish,
    "hardtanh": F.hardtanh, "logsigmoid": F.logsigmoid, "mish": F.mish, "relu6": F.relu6,
    "selu": F.selu, "silu": F.silu, "softplus": F.softplus, "softshrink": F.softshrink,
    "softsign": F.softsign, "tanhshrink": F.tanhshrink,
}  # fmt: skip


class Mlp(nn.Module):
    """Linear layers, each followed by the activation and by a norm where there are any."""

    def __init__(self, config: HypernetworkConfig, widths: Sequence[int]) -> None:
        super().__init__()
        self.activation = ACTIVATIONS[config.activation]
        self.activate_output = config.activate_output
        self.linears = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.norms = nn.ModuleList(nn.LayerNorm(b) for b in widths[1:] if config.norms)

    def forward(self, x: Tensor) -> Tensor:
        last = len(self.linears) - 1
        for index, linear in enumerate(self.linears):
            x = linear(x)
            if index < last or self.activate_output:
                x = self.activation(x)
            if self.norms:
                x = self.norms[index](x)
        return x


class Hypernetwork(nn.Module):
    """What is added to contexts, by their width; contexts of other widths stay as they are."""

    def __init__(self, config: HypernetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.networks = nn.ModuleDict(
            {
                str(widths[0]): nn.ModuleList([Mlp(config, widths), Mlp(config, widths)])
                for widths in config.layers
            }
        )

    def forward(self, of_k: Tensor, of_v: Tensor, strength: float) -> tuple[Tensor, Tensor]:
        """`context + strength * mlp(context)` of what keys and of what values are made of."""
        width = str(of_k.shape[-1])
        if width not in self.networks:
            return of_k, of_v
        pair = cast(nn.ModuleList, self.networks[width])
        for_k, for_v = pair[0], pair[1]
        return of_k + strength * for_k(of_k), of_v + strength * for_v(of_v)


def changed_contexts(networks: Sequence[tuple[Hypernetwork, float]]) -> ContextChange | None:
    """Hypernetworks at their strengths, one after the other; None without any."""
    if not networks:
        return None

    def changed(context: Tensor) -> tuple[Tensor, Tensor]:
        of_k = of_v = context
        for network, strength in networks:
            of_k, of_v = network(of_k, of_v, strength)
        return of_k, of_v

    return changed
