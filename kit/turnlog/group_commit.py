"""Many writers, one round trip: what arrives while a pipeline is under way goes with the next one."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from redis.commands.core import AsyncScript

from kit.errors import Unavailable
from kit.outage import Outage
from kit.redis import Redis

MAX_BATCH = 512


@dataclass(slots=True)
class _Write:
    script: AsyncScript
    keys: list[str]
    arguments: list[Any]
    done: asyncio.Future[Any] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class GroupCommit:
    """A quiet process pays one round trip, a busy one batches; no timer delays anything."""

    def __init__(self, redis: Redis, outage: Outage) -> None:
        self._redis = redis
        self._outage = outage
        self._waiting: list[_Write] = []
        self._committing: asyncio.Task[None] | None = None

    async def run(self, script: AsyncScript, keys: list[str], arguments: list[Any]) -> Any:
        """The script's reply; raises Unavailable while Redis is away."""
        write = _Write(script, keys, arguments)
        self._waiting.append(write)
        if self._committing is None or self._committing.done():
            self._committing = asyncio.create_task(self._commit())
        return await write.done

    async def _commit(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
            try:
                replies = await self._outage.run(lambda batch=batch: self._send(batch))  # type: ignore[misc]
            except Unavailable as error:
                replies = [error] * len(batch)
            for write, reply in zip(batch, replies, strict=True):
                _settle(write, reply)

    async def _send(self, batch: list[_Write]) -> list[Any]:
        async with self._redis.pipeline(transaction=False) as pipe:
            for write in batch:
                await write.script(keys=write.keys, args=write.arguments, client=pipe)
            replies: list[Any] = await pipe.execute(raise_on_error=False)
            return replies


def _settle(write: _Write, reply: Any) -> None:
    if write.done.done():
        return  # its writer was cancelled meanwhile
    if isinstance(reply, Exception):
        failure = Unavailable("the turn log cannot be reached", retry_after=1)
        failure.__cause__ = reply
        write.done.set_exception(failure)
    else:
        write.done.set_result(reply)
