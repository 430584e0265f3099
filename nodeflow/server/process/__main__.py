"""A process of the server: `python -m nodeflow.server.process FD`."""

import ctypes
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

from nodeflow.server.process.channel import Channel
from nodeflow.server.process.last_words import leave, speak
from nodeflow.server.process.messages import Setup, ToProcess


def die_with_parent() -> None:
    """Be killed when the server is, and be the first to go where memory runs out (Linux)."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")


def main(descriptor: int) -> None:
    """Work until the other side closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    die_with_parent()
    channel: Channel[ToProcess] = Channel(socket.socket(fileno=descriptor), ToProcess)  # type: ignore[arg-type]
    setup = channel.receive()
    if not isinstance(setup, Setup):
        return
    speak(channel.send)
    if setup.device:
        from nodeflow.server.process.worker import Worker

        Worker(channel, setup).serve()
    else:
        from nodeflow.server.process.inspector import Inspector

        Inspector(channel, setup).serve()
    sys.stdout.flush()
    leave(0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
