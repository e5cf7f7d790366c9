"""The bulletin as one short Redis stream per thread."""

from collections.abc import AsyncGenerator
from typing import Any

from kit.errors import Unavailable
from kit.redis import Redis, RedisError
from kit.turnlog.wakes import Wakes, woken_within

MAX_NOTES = 256
TTL = 3600
# Whoever reconnects is woken, so a look without a wake is for what nobody thought of.
LOOK_AGAIN = 15.0

PUBLISH = """
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'n', ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return redis.call('PUBLISH', KEYS[1], '')
"""


class RedisBulletin:
    """What a watcher misses while it is disconnected it reads again from the stream."""

    def __init__(self, redis: Redis, wakes: Wakes) -> None:
        self._redis = redis
        self._wakes = wakes
        self._publish = redis.script(PUBLISH, "publish to a thread")

    async def publish(self, thread: str, note: bytes) -> None:
        try:
            await self._publish.run((_key(thread),), (MAX_NOTES, TTL, note))
        except (RedisError, OSError) as error:
            raise Unavailable("the bulletin cannot be reached", retry_after=1) from error

    async def follow(self, thread: str) -> AsyncGenerator[bytes, None]:
        async with self._wakes.waiting(_key(thread)) as woken:
            last = await self._newest(thread)
            yield b""
            while True:
                woken.clear()
                for identity, fields in await self._after(thread, last):
                    last = identity
                    yield fields[b"n"]
                await woken_within(woken, LOOK_AGAIN)

    async def _newest(self, thread: str) -> bytes:
        try:
            newest: Any = await self._redis.xrevrange(_key(thread), count=1)
        except (RedisError, OSError):
            return b"0-0"
        return bytes(newest[0][0]) if newest else b"0-0"

    async def _after(self, thread: str, last: bytes) -> list[tuple[bytes, dict[bytes, bytes]]]:
        try:
            rows: Any = await self._redis.xrange(_key(thread), min=b"(" + last, max="+")
        except (RedisError, OSError):
            return []
        return list(rows)


def _key(thread: str) -> str:
    return f"thread-bulletin:{{{thread}}}"
