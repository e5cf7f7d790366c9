"""A program that is held stays away until it is released."""

from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from local import ports
from local.parts import REDIS
from local.program import Event, Ready, Stopped
from local.programs.redis import CACHE, QUEUE
from local.settings import LocalSettings
from local.stack import Stack


async def test_a_held_redis_is_away_and_comes_back_where_it_was(tmp_path: Path) -> None:
    events: list[Event] = []
    settings = LocalSettings(data=tmp_path, port=next(ports.free_ports()), parts=frozenset({REDIS}))
    async with (
        Stack(settings, events.append) as stack,
        Redis.from_url(stack.setting("REDIS_CACHE_URL")) as cache,
        Redis.from_url(stack.setting("REDIS_URL")) as queue,
    ):
        await cache.ping()

        await stack.hold(CACHE)
        with pytest.raises(RedisConnectionError):
            await cache.ping()
        assert await queue.ping()

        await stack.release(CACHE)
        assert await cache.ping()
        assert [event.name for event in events if isinstance(event, Ready)].count(CACHE) == 2
        assert [event.name for event in events if isinstance(event, Stopped)] == [CACHE]
        assert QUEUE in stack.programs
