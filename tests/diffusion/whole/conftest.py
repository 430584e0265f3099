"""The networks that the tests of this folder share, made once."""

from typing import Any

import pytest

from tests.diffusion.whole.networks import theirs


@pytest.fixture(scope="session")
def base() -> Any:
    """diffusers' SD1 UNet; who changes its weights puts them back."""
    return theirs()
