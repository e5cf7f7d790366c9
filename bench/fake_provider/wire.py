"""Just enough of HTTP/1.1 to be a fast server: one request at a time on each kept connection."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast

import orjson


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return orjson.loads(self.body) if self.body else {}


class Connection(asyncio.Protocol):
    """One client's connection; a client that leaves cancels the request that is being served."""

    def __init__(self, handle: Callable[[Request, "Connection"], Awaitable[None]], opened: Callable[[int], None]):
        """`opened` is told 1 for each connection that opens and -1 for each that closes."""
        self._handle, self._opened = handle, opened
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one, without saying so
        self._opened(1)

    def connection_lost(self, error: Exception | None) -> None:
        self._opened(-1)
        if self._task is not None:
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._next()

    def _next(self) -> None:
        if self._task is not None or (request := self._parsed()) is None:
            return
        self._task = asyncio.ensure_future(self._serve(request))

    def _parsed(self) -> Request | None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return None
        first, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        stop = end + 4 + int(headers.get("content-length", 0))
        if len(self._buffer) < stop:
            return None
        body = bytes(self._buffer[end + 4 : stop])
        del self._buffer[:stop]
        method, target, _ = first.split(" ", 2)
        return Request(method, target.partition("?")[0], headers, body)

    async def _serve(self, request: Request) -> None:
        await self._handle(request, self)
        self._task = None
        self._next()

    def send_json(self, body: Any, status: int = 200, headers: tuple[str, ...] = ()) -> None:
        payload = orjson.dumps(body)
        lines = (*self._head(status), "content-type: application/json", f"content-length: {len(payload)}", *headers)
        self._write("\r\n".join(lines).encode() + b"\r\n\r\n" + payload)

    def start_stream(self) -> None:
        lines = (*self._head(200), "content-type: text/event-stream", "transfer-encoding: chunked")
        self._write("\r\n".join(lines).encode() + b"\r\n\r\n")

    @staticmethod
    def chunk(data: bytes) -> bytes:
        return b"%x\r\n%b\r\n" % (len(data), data)

    def send_chunk(self, data: bytes) -> None:
        self._write(self.chunk(data))

    def send(self, chunks: bytes | bytearray) -> None:
        """Chunks that are made already."""
        self._write(bytes(chunks))

    def end_stream(self) -> None:
        self._write(b"0\r\n\r\n")

    def drop(self) -> None:
        """Closes without ending the response, as a provider that dies; what was written still goes out."""
        if self._transport is not None:
            self._transport.close()

    def _head(self, status: int) -> tuple[str, ...]:
        return (f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",)

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)
