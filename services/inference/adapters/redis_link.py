"""Redis as something that may be away: one failure, and nobody waits for it for a while."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from kit.errors import Unavailable
from kit.redis import RedisError

T = TypeVar("T")
PATIENCE = 0.5
AWAY_SECONDS = 1.0


class RedisLink:
    """Runs commands within a short time; while Redis is away they fail at once."""

    def __init__(self, patience: float = PATIENCE, clock: Callable[[], float] = time.monotonic) -> None:
        self._patience, self._clock = patience, clock
        self._away_until = 0.0

    async def run(self, command: Callable[[], Awaitable[T] | Any]) -> T:
        """The command's reply; raises Unavailable."""
        if self._clock() < self._away_until:
            raise Unavailable("redis cannot be reached", retry_after=AWAY_SECONDS)
        try:
            async with asyncio.timeout(self._patience):
                reply: T = await command()
                return reply
        except (RedisError, OSError, TimeoutError) as error:
            self._away_until = self._clock() + AWAY_SECONDS
            raise Unavailable("redis cannot be reached", retry_after=AWAY_SECONDS) from error
