"""A server for what is asked of our own API."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.serving import Serving, serving


@pytest.fixture(scope="module")
def api_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A server that these tests may use as they like."""
    with serving(Path(tmp_path_factory.mktemp("api"))) as started:
        yield started
