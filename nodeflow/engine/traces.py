"""Traces: which values a node once had before it, and what it made of them.

Where a key misses, a trace may still hit: a node before it has changed, but gave the same bytes
("constructive traces" and "early cutoff" of Mokhov, Mitchell, Peyton Jones: Build Systems à la
Carte, 2018). Digests of values are computed once each, in a thread beside the run unless the
run needs one at once: a node of the same identity may have been given the same values.
"""

import queue
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b

from nodeflow.engine.keys import trace_of
from nodeflow.engine.ledger import Ledger
from nodeflow.engine.results import Value
from nodeflow.values import structured
from nodeflow.values.digest import Undigested, digest

REMEMBERED = 200_000
"""Entries of each kind kept in memory."""
IDLE = 1.0
"""Seconds after which the thread ends when it has nothing to do."""


def versions(value: object) -> tuple[int, ...]:
    """The version counters of a value's tensors; one changes when a tensor is changed in place."""
    return tuple(tensor._version for tensor in structured.tensors(value))


class ValueDigest:
    """The digests of a result's outputs, computed when first asked for.

    An output without a digest, or changed in place meanwhile, has an empty one.
    """

    def __init__(self, value: Value | None, known: tuple[str, ...] | None = None) -> None:
        self._value, self._known, self._lock = value, known, threading.Lock()
        self._versions = versions(value) if known is None else ()

    def get(self) -> tuple[str, ...]:
        """One digest per output, in order."""
        if self._known is None:
            with self._lock:
                if self._known is None:
                    self._known = self._compute()
                    self._value = None
        return self._known

    def _compute(self) -> tuple[str, ...]:
        if not isinstance(self._value, tuple):
            return ()
        found = tuple(_digest_or_nothing(output) for output in self._value)
        same = versions(self._value) == self._versions
        return found if same else ("",) * len(found)


def _digest_or_nothing(value: object) -> str:
    try:
        return digest(value)
    except Undigested:
        return ""


@dataclass(frozen=True, slots=True)
class Computed:
    """A node that ran: its key, identity, result, and its linked inputs' digests and outputs."""

    key: str
    identity: str
    value: ValueDigest
    inputs: Mapping[str, tuple[ValueDigest, int]]


def input_digests(inputs: Mapping[str, tuple[ValueDigest, int]]) -> dict[str, str] | None:
    """Digest by input, or None where one has none."""
    found = {port: value.get()[output] for port, (value, output) in inputs.items()}
    return found if all(found.values()) else None


def short(identity: str) -> str:
    """An identity as the index holds it."""
    return blake2b(identity.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


class Traces:
    """What was computed from what: in memory, and in the cache's index across processes."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._digests: dict[str, tuple[tuple[str, ...], str]] = {}
        self._traces: dict[str, str] = {}
        self._identities: dict[str, None] = {}
        self._lock = threading.Lock()
        self._jobs: queue.SimpleQueue[str | threading.Event] = queue.SimpleQueue()
        self._waiting: dict[str, deque[Computed]] = {}
        self._thread: threading.Thread | None = None
        self._new_digests: list[tuple[str, str, str, float]] = []
        self._new_traces: list[tuple[str, str, str, float]] = []

    def digests(self, key: str) -> tuple[tuple[str, ...], str] | None:
        """The digests of what a key once gave, and the key its bytes are stored under."""
        if key not in self._digests:
            rows = self._ledger.rows("select outputs, stored from digests where key = ?", (key,))
            if not rows:
                return None
            self._digests[key] = (tuple(rows[0][0].split(",")), rows[0][1])
        return self._digests[key]

    def knows(self, identity: str) -> bool:
        """Whether any trace has this identity; where none has, digests need not be computed."""
        name = short(identity)
        self._note_waiting(name)
        if name in self._identities:
            return True
        sql = "select 1 from traces where identity = ? limit 1"
        if self._ledger.rows(sql, (name,)):
            self._identities[name] = None
            return True
        return False

    def find(self, trace: str) -> str | None:
        """The key whose result this trace has."""
        if trace not in self._traces:
            rows = self._ledger.rows("select key from traces where trace = ?", (trace,))
            if not rows:
                return None
            self._traces[trace] = rows[0][0]
        return self._traces[trace]

    def same(self, key: str, stored: str) -> None:
        """Note that a key has the result of another one."""
        known = self.digests(stored)
        if known is not None:
            self._remember_digests(key, known[0], known[1])

    def record(self, computed: Computed) -> None:
        """Note what a node made, soon."""
        name = short(computed.identity)
        with self._lock:
            self._waiting.setdefault(name, deque()).append(computed)
        self._soon(name)

    def _note_waiting(self, name: str) -> None:
        """Note all of an identity. Two threads may note the same one: nobody goes on before it is
        noted."""
        while True:
            with self._lock:
                waiting = self._waiting.get(name)
                if not waiting:
                    return
                computed = waiting[0]
            self._note(computed)
            with self._lock:
                if waiting and waiting[0] is computed:
                    waiting.popleft()
                if not waiting and self._waiting.get(name) is waiting:
                    del self._waiting[name]

    def _soon(self, job: str | threading.Event) -> None:
        with self._lock:
            self._jobs.put(job)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._work, name="value-digests", daemon=True
                )
                self._thread.start()

    def finish(self) -> None:
        """Wait until all that was handed over is noted, and write it to the index."""
        if self._thread is not None or not self._jobs.empty():
            done = threading.Event()
            self._soon(done)
            done.wait()
        with self._lock:
            digests, self._new_digests = self._new_digests, []
            traces, self._new_traces = self._new_traces, []
            for kept in (self._digests, self._traces, self._identities):
                while len(kept) > REMEMBERED:
                    kept.pop(next(iter(kept)))
        if digests or traces:
            self._ledger.write([
                ("insert or replace into digests values (?, ?, ?, ?)", digests),
                ("insert or replace into traces values (?, ?, ?, ?)", traces),
            ])  # fmt: skip

    def _work(self) -> None:
        """Until nothing came for a while."""
        while True:
            try:
                job = self._jobs.get(timeout=IDLE)
            except queue.Empty:
                with self._lock:
                    if self._jobs.empty():
                        self._thread = None
                        return
                continue
            if isinstance(job, threading.Event):
                job.set()
            else:
                self._note_waiting(job)

    def _note(self, job: Computed) -> None:
        outputs = job.value.get()
        if not all(outputs):
            return
        self._remember_digests(job.key, outputs, job.key)
        inputs = input_digests(job.inputs)
        if inputs is not None:
            trace, name = trace_of(job.identity, inputs), short(job.identity)
            with self._lock:
                self._traces[trace] = job.key
                self._identities[name] = None
                self._new_traces.append((trace, name, job.key, time.time()))

    def _remember_digests(self, key: str, outputs: tuple[str, ...], stored: str) -> None:
        with self._lock:
            self._digests[key] = (outputs, stored)
            self._new_digests.append((key, ",".join(outputs), stored, time.time()))
