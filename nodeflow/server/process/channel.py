"""Frames on a socket pair: four bytes of length, big-endian, then a MessagePack message."""

import socket
import threading
from typing import Generic, TypeVar

from msgspec import msgpack

from nodeflow.server.process.messages import Message

FRAME_LIMIT = 512 * 1024 * 1024
"""Bytes of a message to the server; a process that wants to send more is ended."""
M = TypeVar("M")
_encode = msgpack.Encoder().encode


def frame(message: Message) -> bytes:
    """A message as it goes over the wire."""
    body = _encode(message)
    return len(body).to_bytes(4, "big") + body


class Channel(Generic[M]):
    """The blocking end that a child process holds. `send` may be called from any thread."""

    def __init__(self, connection: socket.socket, expects: type[M]) -> None:
        self._socket = connection
        self._reader = connection.makefile("rb", buffering=1 << 16)
        self._decoder = msgpack.Decoder(expects)
        self._lock = threading.Lock()

    def send(self, message: Message) -> None:
        """Send whole. Raises OSError where the other side is gone."""
        data = frame(message)
        with self._lock:
            self._socket.sendall(data)

    def receive(self) -> M | None:
        """The next message, or None where the other side has closed."""
        head = self._reader.read(4)
        if len(head) < 4:
            return None
        size = int.from_bytes(head, "big")
        body = self._reader.read(size)
        return self._decoder.decode(body) if len(body) == size else None
