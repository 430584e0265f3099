"""How wide weights are in memory, and how much of them stays there; without torch."""

BUDGET = 3_900_000_000
"""Bytes of weights that stay in memory together, beside what one node uses at a time."""


def number_bytes(device: str) -> int:
    """Bytes of a weight of all networks but autoencoders: 4 on a CPU, 2 on a GPU."""
    return 2 if device.startswith("cuda") else 4
