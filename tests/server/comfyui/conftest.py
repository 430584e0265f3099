"""The server of these tests."""

import pytest

from tests.server.serving import Serving


@pytest.fixture
def comfy(open_server: Serving) -> Serving:
    """A server that ComfyUI's clients can talk to as they are."""
    return open_server
