"""The SAMPLER value: an algorithm with its options, before it meets a model."""

from dataclasses import dataclass
from typing import TypeAlias

OptionValue: TypeAlias = float | int | str | bool


@dataclass(frozen=True, slots=True)
class SamplerChoice:
    """A sampler of the registry by name, and options that differ from its defaults.

    `sde_start_percent` and `sde_end_percent` become sigmas of the model that samples.
    """

    name: str
    options: tuple[tuple[str, OptionValue], ...] = ()
