"""Just enough of a client of Socket.IO over WebSocket to count what a room is sent at little cost."""

import asyncio
import base64
import os
import time
from typing import Any, cast

import orjson

_KEY = base64.b64encode(os.urandom(16)).decode()


class Socket(asyncio.Protocol):
    """One client; it counts the events that it is sent, and among them those with the name `ended`."""

    def __init__(self, ended: str) -> None:
        self._ended = f'42["{ended}"'.encode()
        self._buffer = bytearray()
        self._upgraded = False
        self._transport: asyncio.Transport | None = None
        self.ready = asyncio.get_running_loop().create_future()
        self.events = 0
        self.bytes = 0
        self.ends = 0
        self.last = 0.0
        self.acknowledged = 0

    async def connect(self, host: str, port: int, auth: dict[str, str]) -> None:
        """Returns when the namespace is joined."""
        await asyncio.get_running_loop().create_connection(lambda: self, host, port)
        assert self._transport is not None
        self._transport.write(
            f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nhost: {host}:{port}\r\nupgrade: websocket\r\n"
            f"connection: Upgrade\r\nsec-websocket-key: {_KEY}\r\nsec-websocket-version: 13\r\n\r\n".encode()
        )
        self._auth = f"40{orjson.dumps(auth).decode()}"
        await self.ready

    def emit(self, name: str, body: dict[str, Any], acknowledge: int | None = None) -> None:
        number = "" if acknowledge is None else str(acknowledge)
        self.send(f"42{number}{orjson.dumps([name, body]).decode()}")

    def send(self, text: str) -> None:
        """A frame of text; the mask of zeros is as good as another on loopback."""
        payload = text.encode()
        size = len(payload)
        head = b"\x81" + (bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big"))
        if self._transport is not None:
            self._transport.write(head + b"\0\0\0\0" + payload)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        if not self.ready.done():
            self.ready.set_exception(ConnectionError("the server closed the socket"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._upgraded:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            del self._buffer[: end + 4]
            self._upgraded = True
        self._frames()

    def _frames(self) -> None:
        """Takes the whole frames out of the buffer; the server's are not masked."""
        buffer, at = self._buffer, 0
        while len(buffer) - at >= 2:
            size, start = buffer[at + 1] & 0x7F, at + 2
            if size >= 126:
                wide = 2 if size == 126 else 8
                if len(buffer) - start < wide:
                    break
                size, start = int.from_bytes(buffer[start : start + wide], "big"), start + wide
            if len(buffer) - start < size:
                break
            self._frame(buffer, start, size)
            at = start + size
        del buffer[:at]

    def _frame(self, buffer: bytearray, start: int, size: int) -> None:
        if buffer.startswith(b"42[", start):
            self.events += 1
            self.bytes += size
            self.ends += buffer.startswith(self._ended, start)
            self.last = time.monotonic()
        elif buffer.startswith(b"43", start):
            self.acknowledged += 1
        elif buffer.startswith(b"40", start) and not self.ready.done():
            self.ready.set_result(None)
        elif buffer.startswith(b"0", start):
            self.send(self._auth)
        elif size == 1 and buffer.startswith(b"2", start):
            self.send("3")
