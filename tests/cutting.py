"""A wire that breaks: forwards bytes to a server, and cuts the first answer stream in its middle."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

ASKS = b"POST /v1/chat:stream"


class CuttingProxy:
    """Cuts once, when the answer to a question has brought so many deltas."""

    def __init__(self, host: str, port: int, after_deltas: int) -> None:
        self._upstream = (host, port)
        self._left = after_deltas
        self.cuts = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection(*self._upstream)
        asked = asyncio.Event()
        there = asyncio.create_task(self._there(reader, up_writer, asked))
        back = asyncio.create_task(self._back(up_reader, writer, asked))
        await asyncio.wait([there, back], return_when=asyncio.FIRST_COMPLETED)
        for task in (there, back):
            task.cancel()
        for side in (writer, up_writer):
            side.transport.abort()

    async def _there(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: asyncio.Event) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                if ASKS in data:
                    asked.set()
                writer.write(data)
                await writer.drain()

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: asyncio.Event) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
                if asked.is_set() and self._is_due(data):
                    return

    def _is_due(self, data: bytes) -> bool:
        self._left -= data.count(b'"delta"')
        if self.cuts or self._left > 0:
            return False
        self.cuts += 1
        return True


@asynccontextmanager
async def cutting_proxy(host: str, port: int, after_deltas: int) -> AsyncIterator[tuple[CuttingProxy, str]]:
    """The proxy and its address."""
    proxy = CuttingProxy(host, port, after_deltas)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    try:
        yield proxy, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
