"""Many writers, one round trip: what arrives while a batch of scripts is under way goes with the next one."""

import asyncio
import math
from dataclasses import dataclass, field
from typing import Any

from redis.asyncio import Connection
from redis.commands.core import AsyncScript
from redis.exceptions import NoScriptError, ResponseError

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

    def by_hash(self) -> tuple[Any, ...]:
        return ("EVALSHA", self.script.sha, len(self.keys), *self.keys, *self.arguments)

    def by_text(self) -> tuple[Any, ...]:
        return ("EVAL", self.script.script, len(self.keys), *self.keys, *self.arguments)


class GroupCommit:
    """A quiet process pays one round trip, a busy one batches; no timer delays anything.

    Scripts are called by their hash, and sent as text only where Redis does not know them. One connection is kept for
    it all: a pooled one is looked over each time that it is taken, and a pipeline asks for its scripts beforehand.
    """

    def __init__(self, redis: Redis, outage: Outage) -> None:
        """`outage` says how long a round trip may take."""
        self._redis = redis
        self._outage = outage
        self._waiting: list[_Write] = []
        self._committing: asyncio.Task[None] | None = None
        self._connection: Connection | None = None

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
        replies = await self._exchange([write.by_hash() for write in batch])
        unknown = [number for number, reply in enumerate(replies) if isinstance(reply, NoScriptError)]
        if unknown:
            for number, reply in zip(unknown, await self._exchange([batch[n].by_text() for n in unknown]), strict=True):
                replies[number] = reply
        return replies

    async def _exchange(self, commands: list[tuple[Any, ...]]) -> list[Any]:
        """The replies to the commands, errors among them."""
        connection = await self._connected()
        try:
            await connection.send_packed_command(connection.pack_commands(commands), check_health=False)
            return [await _reply(connection) for _ in commands]
        except BaseException:
            # What was asked may still be answered: nobody else may read from this connection.
            self._connection = None
            await connection.disconnect(nowait=True)
            await self._redis.connection_pool.release(connection)
            raise

    async def _connected(self) -> Connection:
        kept = self._connection
        if kept is not None and (not kept.is_connected or await kept.can_read()):
            # Redis has closed it meanwhile: nothing else is to be read between two exchanges.
            self._connection = None
            await kept.disconnect(nowait=True)
            await self._redis.connection_pool.release(kept)
        if self._connection is None:
            connection = await self._redis.connection_pool.get_connection()  # type: ignore[no-untyped-call]
            connection.socket_timeout = None  # the outage bounds the whole exchange, rather than each of its steps
            self._connection = connection
        return self._connection


async def _reply(connection: Connection) -> Any:
    try:
        return await connection.read_response(timeout=math.inf, disconnect_on_error=False)
    except ResponseError as error:
        return error


def _settle(write: _Write, reply: Any) -> None:
    if write.done.done():
        return  # its writer was cancelled meanwhile
    if isinstance(reply, Exception):
        failure = Unavailable("the turn log cannot be reached", retry_after=1)
        failure.__cause__ = reply
        write.done.set_exception(failure)
    else:
        write.done.set_result(reply)
