"""Many commands, one round trip: what is asked for while others are under way goes with the next."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from redis.exceptions import ResponseError

from kit.errors import Unavailable
from kit.redis import Redis, RedisError

MAX_BATCH = 512

Argument = bytes | str | int


@dataclass(slots=True)
class _Asked:
    command: tuple[Argument, ...]
    done: asyncio.Future[Any] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class CommandGroup:
    """A quiet process pays one round trip, a busy one shares it; no timer delays anything.

    Commands go over a connection of the pool as they are: a pipeline of the client costs several times as much. None
    is repeated, so whoever asks must bear that it was carried out although the reply was lost.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._waiting: list[_Asked] = []
        self._sending: asyncio.Task[None] | None = None

    async def run(self, *command: Argument) -> Any:
        """The reply as Redis sent it, which may be a ResponseError; raises Unavailable while Redis is away."""
        asked = _Asked(command)
        self._waiting.append(asked)
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send())
        return await asked.done

    async def _send(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
            try:
                replies = await self._replies(batch)
            except Exception as error:
                for asked in batch:
                    _fail(asked, error)
                continue
            for asked, reply in zip(batch, replies, strict=True):
                if not asked.done.done():  # its caller may have been cancelled meanwhile
                    asked.done.set_result(reply)

    async def _replies(self, batch: list[_Asked]) -> list[Any]:
        pool = self._redis.connection_pool
        connection = await pool.get_connection()  # type: ignore[no-untyped-call] # redis-py leaves it untyped
        try:
            await connection.send_packed_command(b"".join([_packed(asked.command) for asked in batch]))
            return [await _reply(connection) for _ in batch]
        except BaseException:
            await connection.disconnect(nowait=True)  # its next replies would be those to this batch
            raise
        finally:
            await pool.release(connection)


async def _reply(connection: Any) -> Any:
    try:
        return await connection.read_response()
    except ResponseError as error:
        return error


def _packed(command: tuple[Argument, ...]) -> bytes:
    """The command in Redis's protocol."""
    parts = [b"*%d\r\n" % len(command)]
    for argument in command:
        value = argument if isinstance(argument, bytes) else str(argument).encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(value), value))
    return b"".join(parts)


def _fail(asked: _Asked, cause: Exception) -> None:
    if asked.done.done():
        return
    failure: Exception = cause
    if isinstance(cause, (RedisError, OSError, TimeoutError)):
        failure = Unavailable("the cache cannot be reached", retry_after=1)
        failure.__cause__ = cause
    asked.done.set_exception(failure)
