"""The sending side of a websocket, for texts that go to many clients at once.

aiohttp frames and flushes every text by itself; here all that is due goes out in one write.
Frames: RFC 6455, section 5.2, unmasked and uncompressed as a server may send them.
"""

import asyncio

FULL = 262_144
"""Bytes that may wait in a connection; a client that does not read them is sent no more."""
PACE = 0.01


def frame(text: bytes) -> bytes:
    """One text as one frame."""
    size = len(text)
    if size < 126:
        return bytes((0x81, size)) + text
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + text
    return b"\x81\x7f" + size.to_bytes(8, "big") + text


class Outlet:
    """Sends texts, one frame each or, as a `batch`, as one frame with an array."""

    def __init__(self, transport: asyncio.Transport, batch: bool) -> None:
        self._transport, self._batch = transport, batch

    async def send(self, texts: list[bytes]) -> None:
        """Send; returns once the client has taken enough. Raises ConnectionError."""
        if self._transport.is_closing():
            raise ConnectionResetError
        if self._batch:
            self._transport.write(frame(b"[" + b",".join(texts) + b"]"))
        else:
            self._transport.write(b"".join(map(frame, texts)))
        while self._transport.get_write_buffer_size() > FULL:
            await asyncio.sleep(PACE)
            if self._transport.is_closing():
                raise ConnectionResetError
