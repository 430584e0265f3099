"""Plugins that end processes: they are not imported again until they change."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from msgspec import Struct

from nodeflow.server.process.messages import Importing
from nodeflow.server.process.stack import own_thread, stack_files, within

DEATHS = 2
"""One may be an accident: memory ran out, somebody killed the process."""
SOON = 3600.0
"""Seconds within which a plugin's threads end the second process, so that it is blocked."""
log = logging.getLogger("nodeflow.plugins")


class Trouble(Struct, frozen=True):
    """What a plugin did outside of any node: the last time, and how often."""

    plugin: str
    reason: str
    count: int
    at: float
    blocked: bool


class Blame:
    """What all processes of a server know of it.

    `blocked` is called when a plugin is, `told` when there is news of one.
    """

    def __init__(self) -> None:
        self.deadly: dict[str, str] = {}
        """Digest of a plugin → why it is not imported."""
        self.troubles: dict[str, Trouble] = {}
        """Path of a plugin → what it did since it was changed last."""
        self.blocked: Callable[[], None] = lambda: None
        self.told: Callable[[Trouble], None] = lambda trouble: None
        self._known: dict[str, Importing] = {}
        self._deaths: Counter[str] = Counter()
        self._crashed: dict[str, float] = {}

    def begins(self, plugin: Importing) -> None:
        """A process imports it now."""
        before = self._known.get(plugin.path)
        if before is not None and before.digest != plugin.digest:
            self.troubles.pop(plugin.path, None)
        self._known[plugin.path] = plugin

    def survived(self, plugin: Importing) -> None:
        """A process has imported it."""
        self._deaths.pop(plugin.digest, None)

    def died(
        self, importing: Importing | None, said: str, how: str, imported: Iterable[Importing]
    ) -> None:
        """A process ended: while it imported a plugin, or by what its last stack tells."""
        files = stack_files(said)
        plugin = self._plugin_of(files, imported) if own_thread(files) else None
        if plugin is not None:
            self._note(plugin, f"a thread of it ended a process ({how})")
            if time.monotonic() - self._crashed.get(plugin.digest, -SOON) < SOON:
                self._block(plugin, f"its threads ended {DEATHS} processes ({how})")
            self._crashed[plugin.digest] = time.monotonic()
        elif importing is not None:
            self._note(importing, f"importing it ended a process ({how})")
            self._deaths[importing.digest] += 1
            if self._deaths[importing.digest] >= DEATHS:
                self._block(importing, f"importing it ended {DEATHS} processes ({how})")

    def failed(self, files: Iterable[str], error: str, imported: Iterable[Importing]) -> None:
        """A thread ended by an exception, its process goes on."""
        plugin = self._plugin_of(files, imported)
        if plugin is not None:
            self._note(plugin, f"a thread of it failed: {error}")

    def _plugin_of(self, files: Iterable[str], imported: Iterable[Importing]) -> Importing | None:
        """The plugin that the innermost of these files, which come first, belongs to.

        A process may hold threads of several versions of it: one that did harm before is
        meant rather than the newest.
        """
        for file in files:
            versions = [plugin for plugin in imported if within(file, plugin.path)]
            if versions:
                harmful = [plugin for plugin in versions if plugin.digest in self._crashed]
                return (harmful or versions)[-1]
        return None

    def _block(self, plugin: Importing, what: str) -> None:
        if plugin.digest in self.deadly:
            return
        why = f"{what}; it is tried again once it changes, or the server starts anew"
        self.deadly[plugin.digest] = why
        self._note(plugin, why, again=0)
        self.blocked()

    def _note(self, plugin: Importing, reason: str, again: int = 1) -> None:
        """Keep it for `health`, unless it was changed; what is said again is told once."""
        if self._known[plugin.path].digest != plugin.digest:
            return
        before = self.troubles.get(plugin.path)
        count = again + (before.count if before else 0)
        blocked = plugin.digest in self.deadly
        trouble = Trouble(Path(plugin.path).stem, reason, count, time.time(), blocked)
        self.troubles[plugin.path] = trouble
        if before is None or before.reason != reason:
            about = {"plugin": plugin.path, "blocked": blocked}
            words = "the plugin %s%s: %s", plugin.path, " is blocked" * blocked, reason
            log.error(*words, extra={"about": about})
            self.told(trouble)
