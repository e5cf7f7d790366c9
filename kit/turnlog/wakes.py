"""One subscription per process that wakes whoever waits for a key to grow."""

import asyncio
import contextlib
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from kit.redis import Redis, RedisError

RECONNECT_PAUSE = 0.2


class Wakes:
    """Waits on many channels over one connection. A wake says that something may be new, not what it is.

    Pub/sub drops what a disconnected reader misses, so each reconnection wakes everybody.
    """

    def __init__(self, redis: Redis) -> None:
        self._pubsub = redis.pubsub()
        self._own = f"wakes:{uuid.uuid4().hex}"
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._listener: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def waiting(self, channel: str) -> AsyncIterator[asyncio.Event]:
        """An event that is set when the channel speaks; subscribed before the block begins, if Redis is there."""
        event = asyncio.Event()
        fresh = channel not in self._waiting
        self._waiting[channel].add(event)
        self._listen()
        if fresh:
            with contextlib.suppress(RedisError, OSError):
                await self._pubsub.subscribe(channel)
        try:
            yield event
        finally:
            await self._leave(channel, event)

    async def close(self) -> None:
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)
        await self._pubsub.aclose()  # type: ignore[no-untyped-call] # redis-py leaves it untyped

    async def _leave(self, channel: str, event: asyncio.Event) -> None:
        self._waiting[channel].discard(event)
        if not self._waiting[channel]:
            del self._waiting[channel]
            with contextlib.suppress(RedisError, OSError):
                await self._pubsub.unsubscribe(channel)

    def _listen(self) -> None:
        if self._listener is None or self._listener.done():
            self._listener = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while True:
            try:
                await self._pubsub.subscribe(self._own, *self._waiting)
                async for message in self._pubsub.listen():
                    self._hear(message)
            except (RedisError, OSError):
                await asyncio.sleep(RECONNECT_PAUSE)

    def _hear(self, message: dict[str, Any]) -> None:
        if message["type"] == "message":
            self._wake(message["channel"])
        elif message["type"] == "subscribe" and message["channel"] == self._own.encode():
            self._wake_all()  # also after the reconnections that the driver makes itself

    def _wake(self, channel: bytes | str) -> None:
        name = channel.decode() if isinstance(channel, bytes) else channel
        for event in self._waiting.get(name, ()):
            event.set()

    def _wake_all(self) -> None:
        for events in self._waiting.values():
            for event in events:
                event.set()


async def woken_within(event: asyncio.Event, seconds: float) -> None:
    """Waits for the event, for so long at the most."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
