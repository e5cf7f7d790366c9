"""The lease under which a process answers turns: renewed while it has any, at rest otherwise."""

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Generator
from contextlib import asynccontextmanager
from typing import Any

from kit.errors import LecternError
from services.gateway.ports import Threads

BEAT_SECONDS = 1.0


class OwnerLease:
    """A turn outlives its process by a lease that runs out: three seconds, renewed each second."""

    def __init__(self, threads: Threads) -> None:
        self.owner = uuid.uuid4().hex
        self._threads = threads
        self._holders = 0
        self._renewed = -BEAT_SECONDS
        self._renewing: asyncio.Task[None] | None = None
        self._held = asyncio.Event()

    @asynccontextmanager
    async def held(self) -> AsyncIterator[Awaitable[None]]:
        """Renewed beside the block, unless it was within a second, and for as long as it takes.

        The block may wait for the renewal itself, where it must clean up if it is cancelled meanwhile; its end does so
        in any case.
        """
        self.hold()
        try:
            renewed = _Renewed(self._renewal())
            yield renewed
            await renewed
        finally:
            self.let_go()

    def hold(self) -> None:
        """Keeps it renewed until `let_go`, which each caller calls once."""
        self._holders += 1
        self._held.set()

    def let_go(self) -> None:
        self._holders -= 1
        if not self._holders:
            self._held.clear()

    async def beats(self) -> AsyncGenerator[None, None]:
        """Renews each second while anybody holds it, and says so each time."""
        while True:
            await self._held.wait()
            if renewal := self._renewal():
                await asyncio.shield(renewal)
            yield
            await asyncio.sleep(BEAT_SECONDS)

    async def release(self) -> None:
        """Lets others take over at once what is left."""
        with contextlib.suppress(LecternError):
            await self._threads.renew(self.owner, release=True)

    def _renewal(self) -> asyncio.Task[None] | None:
        """What renews it, for all who wait for it; None where it was renewed within a second."""
        if self._renewing is not None and not self._renewing.done():
            return self._renewing
        if time.monotonic() - self._renewed < BEAT_SECONDS:
            return None
        self._renewing = asyncio.create_task(self._renew())
        return self._renewing

    async def _renew(self) -> None:
        """While threads is away the lease runs out, as it should."""
        begun = time.monotonic()
        with contextlib.suppress(LecternError):
            await self._threads.renew(self.owner)
            self._renewed = begun


class _Renewed(Awaitable[None]):
    """Waits for a renewal, as often as it is awaited; whoever stops waiting does not end it."""

    def __init__(self, renewal: asyncio.Task[None] | None) -> None:
        self._renewal = renewal

    def __await__(self) -> Generator[Any, None, None]:
        if self._renewal is not None:
            yield from asyncio.shield(self._renewal).__await__()
