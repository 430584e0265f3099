"""A shell in an empty folder."""

from pathlib import Path

import pytest

from tests.cli.calling import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Commands run here leave nothing elsewhere."""
    folder = tmp_path / "work"
    folder.mkdir()
    return Shell(folder)
