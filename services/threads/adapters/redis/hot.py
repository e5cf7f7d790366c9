"""Ids of threads in use, in Redis."""

from kit.redis import Redis
from services.threads.adapters.redis.asking import ask
from services.threads.model import ThreadKey


class RedisHotThreads:
    """One key per thread, which lives for so long since its last use."""

    def __init__(self, redis: Redis, *, life: int) -> None:
        """`life` is in seconds."""
        self._redis = redis
        self._life = life

    async def recall(self, key: ThreadKey) -> str | None:
        found = await ask(self._redis, "GETEX", _name(key), "EX", self._life)
        return str(found.decode()) if found else None

    async def remember(self, key: ThreadKey, thread: str) -> None:
        await ask(self._redis, "SET", _name(key), thread, "EX", self._life)

    async def forget(self, key: ThreadKey) -> None:
        await ask(self._redis, "DEL", _name(key))


def _name(key: ThreadKey) -> str:
    """Lengths keep apart what a colon in a user's name would run together."""
    return f"thread:{key.tenant}:{key.user}:{key.course}:{len(key.tenant)}.{len(key.user)}"
