"""Pages of thread lists, in Redis."""

import hashlib
import secrets
from typing import Any

from kit.auth.caller import Caller
from kit.errors import Unavailable
from kit.redis import Redis, RedisError

EDITION_BYTES = 8


class RedisPageCache:
    """Each page carries the edition it belongs to; a write gives the user a new edition, on every instance at once."""

    def __init__(self, redis: Redis, *, life: int) -> None:
        """`life` is in seconds."""
        self._redis = redis
        self._life = life

    async def read(self, caller: Caller, name: str) -> tuple[str, bytes | None]:
        try:
            found: Any = await self._redis.mget(_edition(caller), _page(caller, name))
            edition, page = found
            if edition is None:
                return await self._first_edition(caller), None
        except (RedisError, OSError) as error:
            raise _away() from error
        current = page is not None and page.startswith(edition)
        return edition.decode(), page[len(edition) :] if current else None

    async def write(self, caller: Caller, name: str, edition: str, page: bytes) -> None:
        try:
            await self._redis.set(_page(caller, name), edition.encode() + page, ex=self._life)
        except (RedisError, OSError) as error:
            raise _away() from error

    async def invalidate(self, caller: Caller) -> None:
        try:
            await self._redis.set(_edition(caller), secrets.token_hex(EDITION_BYTES), ex=2 * self._life)
        except (RedisError, OSError) as error:
            raise _away() from error

    async def _first_edition(self, caller: Caller) -> str:
        """A new edition, or the one that another reader has just made."""
        fresh = secrets.token_hex(EDITION_BYTES)
        known = await self._redis.set(_edition(caller), fresh, ex=2 * self._life, nx=True, get=True)
        return known.decode() if isinstance(known, bytes) else fresh


def _edition(caller: Caller) -> str:
    return f"threads-edition:{_whose(caller)}"


def _page(caller: Caller, name: str) -> str:
    return f"threads-page:{_whose(caller)}:{name}"


def _whose(caller: Caller) -> str:
    return hashlib.sha256(f"{caller.tenant}\0{caller.user}".encode()).hexdigest()[:32]


def _away() -> Unavailable:
    return Unavailable("the cache cannot be reached", retry_after=1)
