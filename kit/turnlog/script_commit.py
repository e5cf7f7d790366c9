"""Scripts of many writers in one round trip, over a connection that is kept for them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Connection
from redis.commands.core import AsyncScript
from redis.exceptions import NoScriptError, ResponseError

from kit.errors import Unavailable
from kit.group_commit import GroupCommit
from kit.outage import Outage
from kit.redis import Redis

MAX_BATCH = 512


@dataclass(frozen=True, slots=True)
class _Write:
    script: AsyncScript
    keys: list[str]
    arguments: list[Any]

    def by_hash(self) -> tuple[Any, ...]:
        return ("EVALSHA", self.script.sha, len(self.keys), *self.keys, *self.arguments)

    def by_text(self) -> tuple[Any, ...]:
        return ("EVAL", self.script.script, len(self.keys), *self.keys, *self.arguments)


class ScriptCommit:
    """Runs scripts by their hash, and sends one as text only where Redis does not know it.

    One connection is kept for it all: a pooled one is looked over each time that it is taken, and a pipeline asks for
    its scripts beforehand.
    """

    def __init__(self, redis: Redis, outage: Outage) -> None:
        """`outage` says how long a round trip may take."""
        self._redis = redis
        self._outage = outage
        self._group = GroupCommit[_Write, Any](self._commit, MAX_BATCH)
        self._connection: Connection | None = None
        self._timeout: float | None = None

    async def run(self, script: AsyncScript, keys: list[str], arguments: list[Any]) -> Any:
        """The script's reply; raises Unavailable while Redis is away."""
        return await self._group.add(_Write(script, keys, arguments))

    async def _commit(self, batch: Sequence[_Write]) -> list[Any]:
        return [_told(reply) for reply in await self._outage.run(lambda: self._send(batch))]

    async def _send(self, batch: Sequence[_Write]) -> list[Any]:
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
            await self._give_back(connection)
            raise

    async def _connected(self) -> Connection:
        kept = self._connection
        if kept is not None and (not kept.is_connected or await kept.can_read()):
            # Redis has closed it meanwhile: nothing else is to be read between two exchanges.
            await self._give_back(kept)
        if self._connection is None:
            connection = await self._redis.connection_pool.get_connection()  # type: ignore[no-untyped-call]
            # The outage bounds the whole exchange, rather than each of its steps.
            self._timeout, connection.socket_timeout = connection.socket_timeout, None
            self._connection = connection
        return self._connection

    async def _give_back(self, connection: Connection) -> None:
        """To the pool, as it came from there, to be connected anew."""
        self._connection, connection.socket_timeout = None, self._timeout
        await connection.disconnect(nowait=True)
        await self._redis.connection_pool.release(connection)


async def _reply(connection: Connection) -> Any:
    try:
        return await connection.read_response(timeout=math.inf, disconnect_on_error=False)
    except ResponseError as error:
        return error


def _told(reply: Any) -> Any:
    if not isinstance(reply, Exception):
        return reply
    failure = Unavailable("the turn log cannot be reached", retry_after=1)
    failure.__cause__ = reply
    return failure
