"""Ids of threads in use, in Redis."""

from typing import Any

from kit.errors import Unavailable
from kit.redis import Redis, RedisError
from services.threads.model import ThreadKey


class RedisHotThreads:
    """One key per thread, which lives for so long since its last use."""

    def __init__(self, redis: Redis, *, life: int) -> None:
        """`life` is in seconds."""
        self._redis = redis
        self._life = life

    async def recall(self, key: ThreadKey) -> str | None:
        try:
            found: Any = await self._redis.getex(_name(key), ex=self._life)
        except (RedisError, OSError) as error:
            raise _away() from error
        return str(found.decode()) if found else None

    async def remember(self, key: ThreadKey, thread: str) -> None:
        try:
            await self._redis.set(_name(key), thread, ex=self._life)
        except (RedisError, OSError) as error:
            raise _away() from error

    async def forget(self, key: ThreadKey) -> None:
        try:
            await self._redis.delete(_name(key))
        except (RedisError, OSError) as error:
            raise _away() from error


def _name(key: ThreadKey) -> str:
    """Lengths keep apart what a colon in a user's name would run together."""
    return f"thread:{key.tenant}:{key.user}:{key.course}:{len(key.tenant)}.{len(key.user)}"


def _away() -> Unavailable:
    return Unavailable("the cache cannot be reached", retry_after=1)
