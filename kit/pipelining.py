"""Commands of many callers over one connection to Redis: what is asked while others are under way goes with the next.

A quiet process pays one round trip, a busy one shares it, and there are no tasks and no timers of a command. redis-py
says where Redis is and who we are there; to run a command it costs several times as much.
"""

import asyncio
import contextvars
import hashlib
import ssl
from collections import deque
from collections.abc import Coroutine, Sequence
from typing import Any, cast

import hiredis
from redis.asyncio import Connection, ConnectionPool, SSLConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from kit.telemetry import redis_spans
from kit.telemetry.spans import sampled

Argument = bytes | str | int
NOT_YET = object()
# What hangs is as good as gone; a client that is less patient is asked for its own limit.
LIMIT_SECONDS = 1.0


class Pipelined:
    """The connection, made when it is first needed and again when it was lost. No command is sent twice.

    So whoever asks must bear that it was carried out although the reply was lost.
    """

    def __init__(self, pool: ConnectionPool) -> None:
        """`pool` says where Redis is, and who we are there."""
        self._pool = pool
        self._link: _Link | None = None
        self._connecting: asyncio.Task[_Link] | None = None

    def ask(self, *command: Argument) -> Coroutine[Any, Any, Any]:
        """The reply; raises ResponseError where Redis refuses, another RedisError or OSError while it is away."""
        return self._told(command) if sampled() else self.send(command)

    async def send(self, command: tuple[Argument, ...]) -> Any:
        """As `ask`, for who tells traces of the command."""
        link = self._link
        if link is None or link.is_lost:
            link = await self._connected()
        return await link.ask(command)

    async def _told(self, command: tuple[Argument, ...]) -> Any:
        with redis_spans.asked(str(command[0])):
            return await self.send(command)

    def close(self) -> None:
        if self._connecting is not None:
            self._connecting.cancel()
        if self._link is not None:
            self._link.close()

    async def _connected(self) -> "_Link":
        """The next connection, for all who wait for it."""
        if self._connecting is None or self._connecting.done():
            template = self._pool.make_connection()  # type: ignore[no-untyped-call] # redis-py leaves it untyped
            # In a context of its own: the deadline and the trace of the first caller are not the connection's.
            self._connecting = asyncio.create_task(_connect(template), context=contextvars.Context())
        self._link = await asyncio.shield(self._connecting)
        return self._link


class Script:
    """A script that is run by its hash, and sent as text only where Redis does not know it."""

    def __init__(self, pipelined: Pipelined, text: str, name: str) -> None:
        """`name` is what traces call it."""
        self._pipelined = pipelined
        self._text = text
        self._name = name
        self._hash = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    def run(
        self, keys: Sequence[str], arguments: Sequence[Argument], *, routine: bool = False
    ) -> Coroutine[Any, Any, Any]:
        """As `Pipelined.ask`; a trace tells of what is `routine` only where it was slow or failed."""
        return self._told(keys, arguments, routine) if sampled() else self._run(keys, arguments)

    async def _told(self, keys: Sequence[str], arguments: Sequence[Argument], routine: bool) -> Any:
        with redis_spans.asked("EVALSHA", self._name, routine=routine):
            return await self._run(keys, arguments)

    async def _run(self, keys: Sequence[str], arguments: Sequence[Argument]) -> Any:
        try:
            return await self._pipelined.send(("EVALSHA", self._hash, len(keys), *keys, *arguments))
        except ResponseError as refusal:
            if not str(refusal).startswith("NOSCRIPT"):
                raise
        return await self._pipelined.send(("EVAL", self._text, len(keys), *keys, *arguments))


class _Link(asyncio.Protocol):
    """One connection; replies come in the order of the commands, and the next are sent when all are there."""

    def __init__(self, limit: float) -> None:
        """`limit` is how many seconds a reply may take."""
        self._limit = limit
        self._loop = asyncio.get_running_loop()
        self._replies = hiredis.Reader(
            protocolError=RedisConnectionError, replyError=ResponseError, notEnoughData=NOT_YET
        )
        self._waiting: deque[tuple[asyncio.Future[Any], float]] = deque()
        self._unsent: list[bytes] = []
        self._under_way = 0
        self._sends = False
        self._watch: asyncio.TimerHandle | None = None
        self.is_lost = False

    def ask(self, command: tuple[Argument, ...]) -> asyncio.Future[Any]:
        reply: asyncio.Future[Any] = self._loop.create_future()
        self._waiting.append((reply, self._loop.time() + self._limit))
        self._unsent.append(hiredis.pack_command(command))  # type: ignore[arg-type] # takes tuples of any length
        if not self._under_way:
            self._send_soon()
        if self._watch is None:
            self._watch = self._loop.call_later(self._limit, self._look)
        return reply

    def close(self) -> None:
        self._end(RedisConnectionError("closed"))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._replies.feed(data)
        try:
            while (reply := self._replies.gets()) is not NOT_YET:
                self._settle(reply)
        except RedisConnectionError as error:
            self._end(error)
        if self._unsent and not self._under_way:
            self._send_soon()

    def connection_lost(self, error: Exception | None) -> None:
        self._end(RedisConnectionError("Redis has closed the connection"))

    def _send_soon(self) -> None:
        """At the end of this round of the event loop, for others ask in it too, and those whose replies have come."""
        if not self._sends:
            self._sends = True
            self._loop.call_soon(self._send)

    def _send(self) -> None:
        if self.is_lost:
            return
        self._transport.write(b"".join(self._unsent))
        self._sends, self._under_way, self._unsent = False, len(self._unsent), []

    def _settle(self, reply: Any) -> None:
        self._under_way -= 1
        asked, _ = self._waiting.popleft()
        if asked.done():
            return  # its caller was cancelled meanwhile
        if isinstance(reply, ResponseError):
            asked.set_exception(reply)
        else:
            asked.set_result(reply)

    def _look(self) -> None:
        """One timer for all: whether the command that waits longest waits too long."""
        self._watch = None
        if not self._waiting:
            return
        left = self._waiting[0][1] - self._loop.time()
        if left > 0:
            self._watch = self._loop.call_later(left, self._look)
        else:
            self._end(RedisTimeoutError("Redis did not answer in time"))

    def _end(self, error: Exception) -> None:
        self.is_lost = True
        if self._watch is not None:
            self._watch.cancel()
        self._transport.abort()
        while self._waiting:
            asked, _ = self._waiting.popleft()
            if not asked.done():
                asked.set_exception(error)


async def _connect(template: Connection) -> _Link:
    limit = min(template.socket_timeout or LIMIT_SECONDS, LIMIT_SECONDS)
    loop, context = asyncio.get_running_loop(), _tls(template)
    async with asyncio.timeout(limit):
        _, link = await loop.create_connection(lambda: _Link(limit), template.host, template.port, ssl=context)
        for command in _greeting(template):
            try:
                await link.ask(command)
            except ResponseError as refusal:
                link.close()
                raise RedisConnectionError(str(refusal)) from refusal
    return link


def _tls(template: Connection) -> ssl.SSLContext | None:
    return template.ssl_context.get() if isinstance(template, SSLConnection) else None


def _greeting(template: Connection) -> list[tuple[Argument, ...]]:
    commands: list[tuple[Argument, ...]] = []
    if template.password:
        commands.append(("AUTH", template.username or "default", template.password))
    if template.db:
        commands.append(("SELECT", template.db))
    return commands
