"""The life of a process: telemetry, the app it builds, the server it serves by, and a drained end."""

import asyncio
import contextlib
import gc
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar

import structlog
import uvloop

from kit.dependencies import watch_dependencies
from kit.server import Mount, Server
from kit.settings import CommonSettings
from kit.telemetry.setup import telemetry
from kit.vitals.posting import connect_board, posting

S = TypeVar("S", bound=CommonSettings)
Build = Callable[[S, AsyncExitStack], Awaitable[Sequence[Mount]]]

# Objects that outlive a call are rare once the process has started: the collector may look for them less often.
GC_THRESHOLDS = (20_000, 20, 50)

log = structlog.get_logger()


def main(name: str, settings: S, build: Build[S]) -> None:
    """Runs a service until SIGTERM or SIGINT, then drains it."""
    run(name, settings, running(name, settings, build))


def run(name: str, settings: CommonSettings, served: AbstractAsyncContextManager[Any]) -> None:
    """Runs the process, with telemetry around what it serves."""
    with telemetry(name, settings):
        uvloop.run(_serve(name, settings, served))


@asynccontextmanager
async def running(name: str, settings: S, build: Build[S], target: str = "") -> AsyncIterator[Server]:
    """A started server of the app; stops it, then closes what the app opened, in reverse order.

    `target` is its address within the process, where it has one.
    """
    async with AsyncExitStack() as stack:
        server = Server(settings, await build(settings, stack), target)
        await server.start()
        log.info("serving", service=name, port=server.port)
        try:
            yield server
        finally:
            log.info("draining", service=name, seconds=settings.leave_seconds + settings.drain_seconds)
            await server.stop()


async def _serve(name: str, settings: CommonSettings, served: AbstractAsyncContextManager[Any]) -> None:
    process = asyncio.current_task()
    assert process is not None  # noqa: S101 - a coroutine always runs in a task
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        # Ends the start as well as the wait; a second signal hurries the drain.
        loop.add_signal_handler(number, process.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(served)
            watch_dependencies(settings, stack)
            await stack.enter_async_context(posting(name, connect_board(settings, stack)))
            _settle_heap()
            await asyncio.Event().wait()


def _settle_heap() -> None:
    """What has been loaded by now stays: the collector need not walk over it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
