"""Sizes of a hypernetwork."""

from dataclasses import dataclass
from typing import Literal, get_args

Activation = Literal[
    "linear", "relu", "leakyrelu", "elu", "swish", "tanh", "sigmoid", "celu", "gelu", "hardshrink",
    "hardsigmoid", "hardswish", "hardtanh", "logsigmoid", "mish", "relu6", "selu", "silu",
    "softplus", "softshrink", "softsign", "tanhshrink",
]  # fmt: skip
"""A1111's names: those of torch's modules in lower case; `swish` is torch's Hardswish there, and
`linear` nothing at all."""
ACTIVATIONS: tuple[str, ...] = get_args(Activation)


@dataclass(frozen=True, slots=True)
class HypernetworkConfig:
    """Two networks, for keys and for values, for each width of what attention looks at.

    layers: of each width, the widths from the network's input to its output.
    norms: a LayerNorm behind every linear layer. activate_output: the last layer is activated too.
    """

    layers: tuple[tuple[int, ...], ...]
    activation: Activation = "linear"
    activate_output: bool = False
    norms: bool = False

    @property
    def widths(self) -> tuple[int, ...]:
        """The widths of contexts that it changes."""
        return tuple(layers[0] for layers in self.layers)
