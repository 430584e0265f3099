"""Tests run in processes beside each other: each takes its share of the cores."""

import os

import pytest

from nodeflow.engine.torch_settings import settle

if "PYTEST_XDIST_WORKER" in os.environ:
    beside = int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // beside)))
settle()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that may take longest come first, so that none is left to run at the end alone."""

    def patience(item: pytest.Item) -> float:
        mark = item.get_closest_marker("timeout")
        return float(mark.args[0]) if mark else 0.0

    items.sort(key=patience, reverse=True)
