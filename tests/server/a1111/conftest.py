"""The server of these tests."""

import pytest

from tests.server.serving import Serving


@pytest.fixture
def webui(open_server: Serving) -> Serving:
    """A server that A1111's clients can talk to as they are."""
    return open_server
