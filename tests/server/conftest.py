"""Servers that tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.serving import ALICE, BOB, Serving, serving


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A server that tests share; each leaves it able to work."""
    with serving(Path(tmp_path_factory.mktemp("server"))) as started:
        yield started


@pytest.fixture(scope="session")
def open_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A server that asks nobody, for other tools' clients."""
    with serving(Path(tmp_path_factory.mktemp("open")), "--no-token") as started:
        yield started


@pytest.fixture(scope="session")
def users_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A server of two users."""
    folder = Path(tmp_path_factory.mktemp("users"))
    (folder / "users").write_text(f"alice: {ALICE}\nbob: {BOB}\n", encoding="utf-8")
    with serving(folder, "--users", str(folder / "users")) as started:
        yield started
