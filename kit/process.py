"""The life of a process: telemetry, the app it builds, the server it serves by, and a drained end."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeVar

import structlog
import uvloop
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from kit.server import Mount, Server
from kit.settings import CommonSettings
from kit.telemetry.setup import telemetry
from kit.vitals.posting import connect_board, posting

S = TypeVar("S", bound=CommonSettings)
Build = Callable[[S, AsyncExitStack], Awaitable[Sequence[Mount]]]

log = structlog.get_logger()


def main(name: str, settings: S, build: Build[S]) -> None:
    """Runs the process until SIGTERM or SIGINT, then drains it."""
    with telemetry(name, settings) as reader:
        uvloop.run(_serve(name, settings, build, reader))


@asynccontextmanager
async def running(name: str, settings: S, build: Build[S]) -> AsyncIterator[Server]:
    """A started server of the app; stops it, then closes what the app opened, in reverse order."""
    async with AsyncExitStack() as stack:
        server = Server(settings, await build(settings, stack))
        await server.start()
        log.info("serving", service=name, port=server.port)
        try:
            yield server
        finally:
            log.info("draining", service=name, seconds=settings.leave_seconds + settings.drain_seconds)
            await server.stop()


async def _serve(name: str, settings: S, build: Build[S], reader: InMemoryMetricReader) -> None:
    process = asyncio.current_task()
    assert process is not None  # noqa: S101 - a coroutine always runs in a task
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        # Ends the start as well as the wait; a second signal hurries the drain.
        loop.add_signal_handler(number, process.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(running(name, settings, build))
            await stack.enter_async_context(posting(name, connect_board(settings, stack), reader))
            await asyncio.Event().wait()
