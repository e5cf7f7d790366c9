"""Which breakers stand before each class of model, told by the process that calls them to those that do not."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import orjson

from kit import redis
from kit.breaker.memory import MemoryBoard
from kit.breaker.model import State
from kit.breaker.ports import Roster
from kit.breaker.shared import breaker_key, changes_channel
from kit.errors import Unavailable
from kit.outage import Outage
from kit.settings import CommonSettings

# Where inference keeps the breakers of its providers.
PROVIDERS = "breaker:provider"
EVERY_SECONDS = 20.0
KEPT_SECONDS = 60
RECONNECT_SECONDS = 0.5
FIELDS = ("open_until", "rest_until", "forced")

Routes = Mapping[str, Sequence[str]]


class MemoryRoster:
    """The roster of one process, over its own breakers."""

    def __init__(self, board: MemoryBoard) -> None:
        self._board = board
        self._routes: Routes = {}

    async def post(self, routes: Routes) -> None:
        self._routes = routes

    async def states(self) -> Mapping[str, Collection[State]]:
        return {name: [self._board.verdict(route) for route in routes] for name, routes in self._routes.items()}

    async def changes(self) -> AsyncGenerator[None, None]:
        """None are told: who has the board in the same process asks it."""
        for change in list[None]():
            yield change


class RedisRoster:
    """Reads the breakers of a SharedBoard of the same prefix without counting anything."""

    def __init__(self, client: redis.Redis, outage: Outage, *, prefix: str) -> None:
        self._redis, self._outage, self._prefix = client, outage, prefix

    async def post(self, routes: Routes) -> None:
        entry = orjson.dumps(routes)
        await self._outage.run(lambda: self._redis.set(self._key, entry, ex=KEPT_SECONDS))

    async def states(self) -> Mapping[str, Collection[State]]:
        return await self._outage.run(self._states)

    async def changes(self) -> AsyncGenerator[None, None]:
        while True:
            try:
                async with self._redis.pubsub() as channel:
                    await channel.subscribe(changes_channel(self._prefix))
                    async for _ in channel.listen():  # each subscription is a message too: something was missed
                        yield
            except (redis.RedisError, OSError):
                await asyncio.sleep(RECONNECT_SECONDS)

    async def _states(self) -> Mapping[str, Collection[State]]:
        posted: dict[str, list[str]] = orjson.loads(await self._redis.get(self._key) or b"{}")
        names = sorted({route for routes in posted.values() for route in routes})
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.time()
            for name in names:
                pipe.hmget(breaker_key(self._prefix, name), FIELDS)
            (seconds, microseconds), *rows = await pipe.execute()
        now = seconds * 1000 + microseconds // 1000
        states = {name: _state(row, now) for name, row in zip(names, rows, strict=True)}
        return {name: [states[route] for route in routes] for name, routes in posted.items()}

    @property
    def _key(self) -> str:
        return f"{self._prefix}s:roster"


def connect_roster(settings: CommonSettings, stack: AsyncExitStack) -> RedisRoster:
    """The roster of model providers, on the cache's Redis."""
    client = redis.connect(settings.cache_url, settings, retry=redis.NO_RETRY, socket_timeout=1.0, max_connections=2)
    stack.push_async_callback(client.aclose)
    return RedisRoster(client, Outage("roster", client.ping), prefix=PROVIDERS)


@asynccontextmanager
async def posting(roster: Roster, routes: Routes) -> AsyncIterator[None]:
    """Posts the routes again and again for as long as the block lasts."""
    posts = asyncio.create_task(_posts(roster, routes))
    try:
        yield
    finally:
        posts.cancel()
        await asyncio.wait({posts})


async def _posts(roster: Roster, routes: Routes) -> None:
    while True:
        with contextlib.suppress(Unavailable):
            await roster.post(routes)
        await asyncio.sleep(EVERY_SECONDS)


def _state(row: Sequence[Any], now: int) -> State:
    """How a breaker stands `now`, in milliseconds by Redis's clock; one that rests lets nobody through."""
    open_until, rest_until, forced = row
    if forced:
        return State(forced.decode())
    if int(rest_until or 0) > now:
        return State.OPEN
    if not open_until:
        return State.CLOSED
    return State.OPEN if int(open_until) > now else State.HALF_OPEN
