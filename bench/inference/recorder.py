"""A relay before a provider that keeps what the provider said."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import orjson

CHUNK = 65_536


@dataclass
class Recorder:
    """`base_url` leads through the relay."""

    base_url: str = ""
    _heard: list[bytes] = field(default_factory=list)

    def take(self) -> str:
        """The text of what was streamed since the last time."""
        lines, self._heard = b"".join(self._heard).split(b"\n"), []
        chunks = [orjson.loads(line[5:]) for line in lines if line.startswith(b"data:") and b"[DONE]" not in line]
        return "".join(
            choice["delta"].get("content") or "" for chunk in chunks for choice in chunk.get("choices") or ()
        )

    def hear(self, data: bytes) -> None:
        self._heard.append(data)


@asynccontextmanager
async def recorder(base_url: str) -> AsyncIterator[Recorder]:
    """Relays bytes both ways between its own port and the provider's."""
    place, heard = urlsplit(base_url), Recorder()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(place.hostname, place.port)
        await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer, heard))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    heard.base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}{place.path}"
    try:
        yield heard
    finally:
        server.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, heard: Recorder | None = None) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(CHUNK):
            if heard is not None:
                heard.hear(data)
            writer.write(data)
            await writer.drain()
    writer.close()
