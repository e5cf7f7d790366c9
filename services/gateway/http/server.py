"""Serves the HTTP face from the process's own loop."""

import asyncio
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from email.utils import formatdate
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.server import ServerState

from kit.tls import Tls
from services.gateway.http.websockets import Frames

BACKLOG = 2048
GRACE_SECONDS = 5


class DatedState(ServerState):
    """Has the date of its responses written when one is sent, at most once a second."""

    def __init__(self, config: uvicorn.Config, clock: Callable[[], float] = time.time) -> None:
        self._config, self._clock = config, clock
        self._second, self._headers = -1, list[tuple[bytes, bytes]]()
        super().__init__()

    @property
    def default_headers(self) -> list[tuple[bytes, bytes]]:
        second = int(self._clock())
        if second != self._second:
            date = formatdate(second, usegmt=True).encode()
            self._second, self._headers = second, [(b"date", date), *self._config.encoded_headers]
        return self._headers

    @default_headers.setter
    def default_headers(self, headers: list[tuple[bytes, bytes]]) -> None:
        """What uvicorn begins with and would replace by the clock."""


class _Server(uvicorn.Server):
    """Says when it is up, sleeps until it is told to leave, and leaves signals to the process."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.server_state = DatedState(config)
        self.up = asyncio.Event()
        self._leaving = asyncio.Event()

    async def main_loop(self) -> None:
        await self._leaving.wait()  # uvicorn would look ten times a second

    def leave(self) -> None:
        self.should_exit = True
        self._leaving.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve_http(app: ASGIApp, listen: str, stack: AsyncExitStack, tls: Tls | None = None) -> int:
    """Starts to serve; the stack stops it. Returns the port."""
    host, _, port = listen.rpartition(":")
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=GRACE_SECONDS,
        lifespan="off",
        ws=Frames,
        ws_per_message_deflate=False,  # it would be done anew for each reader of a room
        ws_ping_interval=None,  # Engine.IO has a heartbeat of its own
        **_certified(tls),
    )
    server = _Server(config)
    listening = socket.create_server((host, int(port)), backlog=BACKLOG)
    serving = asyncio.create_task(server.serve(sockets=[listening]))

    async def stop() -> None:
        server.leave()
        await serving

    stack.push_async_callback(stop)
    up = asyncio.create_task(server.up.wait())
    await asyncio.wait({serving, up}, return_when=asyncio.FIRST_COMPLETED)
    return int(listening.getsockname()[1])


def _certified(tls: Tls | None) -> dict[str, Any]:
    """The options of a server that shows a certificate and asks for one, as those of gRPC do."""
    if tls is None:
        return {}
    return {
        "ssl_certfile": tls.certificate,
        "ssl_keyfile": tls.private_key,
        "ssl_ca_certs": str(tls.authority),
        "ssl_cert_reqs": ssl.CERT_REQUIRED,
    }
