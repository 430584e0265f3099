"""Tests run in processes beside each other: each takes its share of the cores."""

import os

from nodeflow.engine.torch_settings import settle

if "PYTEST_XDIST_WORKER" in os.environ:
    beside = int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // beside)))
settle()
