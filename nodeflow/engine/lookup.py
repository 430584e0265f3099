"""Whether a node's result need not be computed: by its key, or by a trace."""

import time
from collections.abc import Mapping
from typing import NamedTuple

from nodeflow.engine.artifacts import missing_file, put_back
from nodeflow.engine.disk_cache import DiskCache
from nodeflow.engine.events import Cause, Tier
from nodeflow.engine.invoke import weights_files
from nodeflow.engine.keys import trace_of
from nodeflow.engine.plan import Plan
from nodeflow.engine.results import Results, Value
from nodeflow.engine.traces import Traces, ValueDigest, input_digests
from nodeflow.node.artifact import Artifacts


class Hit(NamedTuple):
    """A result that need not be computed.

    stored: the key that its bytes lie under. tier None: only its digests are known, the bytes
    are not kept; it is computed if a node needs them. artifacts: what an output node made.
    """

    stored: str
    cause: Cause
    tier: Tier | None
    age: float | None
    artifacts: Artifacts | None = None

    @property
    def reason(self) -> str:
        """In words."""
        if self.tier is None:
            return "its content is known and nothing needs it"
        if self.cause == "cut off":
            return f"what it depends on changed, but gave the same bytes, {self.place}"
        if self.cause == "put back":
            return f"same inputs, its files were put back, {self.place}"
        return f"same inputs, {self.place}"

    @property
    def place(self) -> str:
        """The tier and the age."""
        if self.age is None:
            return "in memory" if self.tier == "memory" else "on disk"
        old = ago(self.age)
        return f"in memory, {old} old" if self.tier == "memory" else f"on disk, {old} old"


def ago(seconds: float) -> str:
    """A duration in its largest unit."""
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


class Lookup:
    """What the caches hold of a plan. `dry`: no file is put back and nothing is noted."""

    def __init__(
        self, plan: Plan, results: Results, traces: Traces, disk: DiskCache | None, dry: bool
    ) -> None:
        self.plan, self.results, self.traces = plan, results, traces
        self._disk, self._dry = disk, dry
        self.gone: dict[str, str] = {}
        self.evicted: set[str] = set()

    def by_key(self, name: str) -> Hit | None:
        """A result under the node's own key, known before anything runs."""
        if self.plan.parts[name].nonce:
            return None
        key = self.plan.keys[name]
        hit = self._stored(name, key, "same")
        if hit is not None:
            return hit
        known = self.traces.digests(key)
        if known is None:
            return None
        if known[1] != key:
            hit = self._stored(name, known[1], "same")
            if hit is not None:
                return hit
        if self.plan.nodes[name].spec.declaration.store:
            self.evicted.add(name)
        if self.plan.nodes[name].spec.declaration.output:
            return None
        return Hit(known[1], "known", None, None)

    def by_trace(self, name: str, inputs: Mapping[str, tuple[ValueDigest, int]]) -> Hit | None:
        """A result of the same node for inputs of the same content."""
        parts = self.plan.parts[name]
        if parts.nonce:
            return None
        identity = parts.identity()
        if not self.traces.knows(identity):
            return None
        digests = input_digests(inputs)
        stored = None if digests is None else self.traces.find(trace_of(identity, digests))
        if stored is None:
            return None
        hit = self._stored(name, stored, "cut off")
        if hit is not None and not self._dry:
            self.traces.same(self.plan.keys[name], stored)
        return hit

    def value(self, name: str, stored: str) -> Value | None:
        """The bytes of a hit; None where they are not sound, or name a file that has moved."""
        value = self.results.in_memory(stored)
        if value is None:
            value = self.results.read(stored)
        return None if value is None or not self._usable(value) else value

    def _usable(self, value: Value) -> bool:
        if isinstance(value, Artifacts):
            return True
        for path, fingerprint in weights_files(value):
            try:
                if self.plan.fingerprint(path) != fingerprint:
                    return False
            except OSError:
                return False
        return True

    def _stored(self, name: str, key: str, cause: Cause) -> Hit | None:
        found = self.results.where(key)
        if found is None:
            return None
        tier: Tier = "disk" if found.tier == "disk" else "memory"
        artifacts: Artifacts | None = None
        if self.plan.nodes[name].spec.declaration.output:
            artifacts = self.results.artifacts(key)
            if artifacts is None:
                return None
            folders = self.plan.workflow.folders
            gone = missing_file(artifacts, folders)
            if gone is not None:
                if not put_back(artifacts, folders, self._disk, self._dry):
                    self.gone[name] = gone
                    return None
                cause = "put back"
        return Hit(key, cause, tier, max(0.0, time.time() - found.created), artifacts)
