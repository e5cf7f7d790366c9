"""Just enough of a client of HTTP/1.1 to cost little: kept connections, one request at a time on each.

An answer is not parsed: it is counted by its status, watched for the pieces of text in it, and searched for what shows
that it is whole. That takes about a tenth of the processor time of a full client, which the measured system needs.
"""

import asyncio
import re
import time
from dataclasses import dataclass, field
from typing import cast

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_CLOSES = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
_LAST_CHUNK = b"0\r\n\r\n"
LOST = 0
"""The status of an answer that did not come to its end."""


@dataclass(slots=True)
class Answer:
    """What came; `pieces` are the times of the pieces of text, of the one clock, in seconds."""

    status: int = LOST
    body: bytearray = field(default_factory=bytearray)
    pieces: list[float] = field(default_factory=list)


class Connection(asyncio.Protocol):
    """One connection; opened again where the server closed it between two requests."""

    def __init__(self, host: str, port: int, marker: bytes = b"") -> None:
        """`marker` is what each piece of text holds."""
        self._place = (host, port)
        self._marker = marker
        self._transport: asyncio.Transport | None = None
        self._done: asyncio.Future[Answer] | None = None
        self._answer = Answer()
        self._head = bytearray()
        self._left: int | None = None  # None while chunks are read
        self._reading_head = True

    async def open(self) -> None:
        if self._transport is None:
            await asyncio.get_running_loop().create_connection(lambda: self, *self._place)

    async def ask(self, request: bytes) -> Answer:
        """The whole answer; its status is LOST where the connection broke."""
        await self.open()
        self._answer, self._head, self._left, self._reading_head = Answer(), bytearray(), None, True
        self._done = asyncio.get_running_loop().create_future()
        if self._transport is None:
            return self._answer
        self._transport.write(request)
        return await self._done

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        if self._done is not None and not self._done.done():
            self._answer.status = LOST
            self._done.set_result(self._answer)

    def data_received(self, data: bytes) -> None:
        if self._reading_head:
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            data = bytes(self._head[end + 4 :])
            self._read_head(bytes(self._head[: end + 2]))
        self._read_body(data)

    def _read_head(self, head: bytes) -> None:
        self._reading_head = False
        self._answer.status = int(head[9:12])
        length = _LENGTH.search(head)
        self._left = int(length[1]) if length else None if _CHUNKED.search(head) else 0
        self._closes = bool(_CLOSES.search(head))

    def _read_body(self, data: bytes) -> None:
        body = self._answer.body
        if self._marker and data:
            self._watch(data)
        body += data
        if self._left is not None:
            self._left -= len(data)
            if self._left <= 0:
                self._finish()
        elif body.endswith(_LAST_CHUNK):
            self._finish()

    def _watch(self, data: bytes) -> None:
        """Notes the time where a piece of text came; one that two reads share is seen with the second."""
        border = bytes(self._answer.body[-len(self._marker) + 1 :]) if len(self._marker) > 1 else b""
        if self._marker in border + data:
            self._answer.pieces.append(time.monotonic())

    def _finish(self) -> None:
        if self._closes and self._transport is not None:
            self._transport.close()
            self._transport = None
        if self._done is not None and not self._done.done():
            self._done.set_result(self._answer)


def request(method: str, path: str, host: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """A request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", f"host: {host}", *(f"{name}: {value}" for name, value in headers.items())]
    if body or method != "GET":
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
