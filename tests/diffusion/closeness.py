"""How far a tensor is from its reference."""

from torch import Tensor


def relative_l2(value: Tensor, reference: Tensor) -> float:
    """|value - reference| / |reference|."""
    difference = (value.double() - reference.double()).norm()
    return float(difference / reference.double().norm())
