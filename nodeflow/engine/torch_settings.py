"""What torch and its libraries are told through the environment, before they are imported."""

import os

PRODUCTS = "MKL_CBWR"
"""MKL's conditional reproducibility: `STRICT` gives a product of matrices the same bits with any
number of threads. Without it a long sum of few rows is cut into a part for each."""
PAGES = "THP_MEM_ALLOC_ENABLE"
"""torch's large tensors in pages of 2 MB where Linux allows it: to hand out those of 4 kB takes
longer than to fill them."""


def settle() -> None:
    """Set what nobody has decided otherwise; for the start of a process."""
    os.environ.setdefault(PRODUCTS, "AUTO,STRICT")
    os.environ.setdefault(PAGES, "1")


def products_are_strict() -> bool:
    """Whether products of matrices do not depend on the number of threads."""
    return "STRICT" in os.environ.get(PRODUCTS, "").upper().split(",")
