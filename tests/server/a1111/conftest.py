"""One server for all tests of this surface; nobody is asked for a token."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.serving import Serving, serving


@pytest.fixture(scope="package")
def webui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A server that A1111's clients can talk to as they are."""
    with serving(Path(tmp_path_factory.mktemp("webui")), "--no-token") as started:
        yield started
