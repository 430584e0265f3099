"""Plugins under whose import processes died: they are not imported again until they change."""

import logging
from collections import Counter
from collections.abc import Callable

from nodeflow.server.process.messages import Importing

DEATHS = 2
"""One may be an accident: memory ran out, somebody killed the process."""
log = logging.getLogger("nodeflow.plugins")


class Blame:
    """What all processes of a server know of it. `blocked` is called when a plugin is."""

    def __init__(self) -> None:
        self.deadly: dict[str, str] = {}
        """Digest of a plugin → why it is not imported."""
        self.blocked: Callable[[], None] = lambda: None
        self._deaths: Counter[str] = Counter()

    def survived(self, plugin: Importing) -> None:
        """A process has imported it."""
        self._deaths.pop(plugin.digest, None)

    def died(self, plugin: Importing, how: str) -> None:
        """A process ended while it imported it."""
        self._deaths[plugin.digest] += 1
        if self._deaths[plugin.digest] < DEATHS or plugin.digest in self.deadly:
            return
        again = "it is tried again once it changes, or the server starts anew"
        why = f"importing it ended {DEATHS} processes ({how}); {again}"
        self.deadly[plugin.digest] = why
        log.error("the plugin %s is blocked: %s", plugin.path, why)
        self.blocked()
