"""Many commands, one round trip: what is asked for while a pipeline is under way goes with the next one."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from kit.errors import Unavailable
from kit.redis import Redis, RedisError

MAX_BATCH = 512


@dataclass(slots=True)
class _Asked:
    command: tuple[Any, ...]
    options: dict[str, Any]
    done: asyncio.Future[Any] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class CommandGroup:
    """A quiet process pays one round trip, a busy one shares it; no timer delays anything."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._waiting: list[_Asked] = []
        self._sending: asyncio.Task[None] | None = None

    async def run(self, *command: Any, **options: Any) -> Any:
        """The reply, which may be an error of Redis; raises Unavailable while Redis is away.

        `options` are for the client's reading of the reply.
        """
        asked = _Asked(command, options)
        self._waiting.append(asked)
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send())
        return await asked.done

    async def _send(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
            try:
                replies = await self._replies(batch)
            except (RedisError, OSError, TimeoutError) as error:
                for asked in batch:
                    _fail(asked, error)
                continue
            for asked, reply in zip(batch, replies, strict=True):
                if not asked.done.done():  # its caller may have been cancelled meanwhile
                    asked.done.set_result(reply)

    async def _replies(self, batch: list[_Asked]) -> list[Any]:
        async with self._redis.pipeline(transaction=False) as pipe:
            for asked in batch:
                pipe.execute_command(*asked.command, **asked.options)
            replies: list[Any] = await pipe.execute(raise_on_error=False)
            return replies


def _fail(asked: _Asked, cause: Exception) -> None:
    if asked.done.done():
        return
    failure = Unavailable("the cache cannot be reached", retry_after=1)
    failure.__cause__ = cause
    asked.done.set_exception(failure)
