"""Something that may be away, such as Redis, and calls that must not wait for it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import structlog

from kit.errors import Unavailable
from kit.redis import RedisError
from kit.timeouts import within

T = TypeVar("T")
FAILURES = (RedisError, OSError, TimeoutError, Unavailable)
# What hangs is as good as gone.
PATIENCE_SECONDS = 1.0
PAUSE_SECONDS = 1.0

log = structlog.get_logger()


class Outage:
    """After one failure calls fail at once, until a look beside them has found it back."""

    def __init__(
        self,
        name: str,
        look: Callable[[], Awaitable[Any]],
        *,
        patience: float = PATIENCE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`look` raises while it is away, and is called each second while there are calls; `patience` in seconds."""
        self._name, self._look = name, look
        self._patience, self._clock = patience, clock
        self._look_at: float | None = None
        self._looking: asyncio.Task[None] | None = None

    @property
    def away(self) -> bool:
        return self._look_at is not None

    async def run(self, use: Callable[[], Awaitable[T]]) -> T:
        """The result of `use`; raises Unavailable while it is away, and at once where that is known."""
        if self.away:
            self._look_again()
            raise self._unavailable()
        try:
            with within(self._patience):
                return await use()
        except FAILURES as error:
            self._missed(error)
            raise self._unavailable() from error

    async def looked(self) -> None:
        """Returns once the look that is under way, if one is, has ended."""
        if self._looking is not None:
            await asyncio.wait({self._looking})

    async def guard(self, use: Callable[[], Awaitable[T]], otherwise: Callable[[], Awaitable[T]]) -> T:
        """The result of `use`, or of `otherwise` while it is away."""
        try:
            return await self.run(use)
        except Unavailable:
            return await otherwise()

    def _missed(self, error: Exception) -> None:
        if not self.away:
            log.warning("redis_away", part=self._name, error=repr(error.__cause__ or error))
        self._look_at = self._clock() + PAUSE_SECONDS

    def _look_again(self) -> None:
        busy = self._looking is not None and not self._looking.done()
        if not busy and self._look_at is not None and self._clock() >= self._look_at:
            self._looking = asyncio.create_task(self._see())

    async def _see(self) -> None:
        try:
            with within(self._patience):
                await self._look()
        except FAILURES as error:
            self._missed(error)
        else:
            log.info("redis_back", part=self._name)
            self._look_at = None

    def _unavailable(self) -> Unavailable:
        return Unavailable(f"{self._name} cannot be reached", retry_after=PAUSE_SECONDS)
