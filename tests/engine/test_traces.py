"""What is remembered of values in memory is bounded."""

import pytest

from nodeflow.engine import traces as traces_module
from nodeflow.engine.ledger import Ledger
from nodeflow.engine.traces import Computed, Traces, ValueDigest


def test_the_identities_of_runs_are_forgotten_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces_module, "REMEMBERED", 10)
    traces = Traces(Ledger(None))
    for number in range(50):
        value = ValueDigest(None, (f"digest {number}",))
        traces.record(Computed(f"key {number}", f"identity {number}", value, {}))
    traces.finish()
    assert [n for n in range(50) if traces.knows(f"identity {n}")] == list(range(40, 50))
    assert traces.digests("key 39") is None and traces.digests("key 40") is not None
