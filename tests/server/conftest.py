"""One server for the tests that leave it as it was."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.serving import Serving, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A server of this module."""
    with serving(Path(tmp_path_factory.mktemp("server"))) as started:
        yield started
