"""A wire that breaks: forwards bytes to a server, and cuts the first answer stream in its middle."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

ASKS = b"POST /v1/chat:stream"
DELTA = b'"delta"'


class CuttingProxy:
    """Cuts once, where the answer to a question comes to the delta of a number."""

    def __init__(self, host: str, port: int, at_delta: int) -> None:
        self._upstream = (host, port)
        self._left = at_delta
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
                passed = self._up_to_the_cut(data) if asked.is_set() else data
                writer.write(passed)
                await writer.drain()
                if len(passed) < len(data):
                    return

    def _up_to_the_cut(self, data: bytes) -> bytes:
        """What still goes through; an answer that is known may arrive whole, and is cut in its middle all the same."""
        place = -1
        while not self.cuts:
            place = data.find(DELTA, place + 1)
            if place < 0:
                break
            self._left -= 1
            if not self._left:
                self.cuts = 1
                return data[:place]
        return data


@asynccontextmanager
async def cutting_proxy(host: str, port: int, at_delta: int) -> AsyncIterator[tuple[CuttingProxy, str]]:
    """The proxy and its address."""
    proxy = CuttingProxy(host, port, at_delta)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    try:
        yield proxy, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
