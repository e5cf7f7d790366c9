"""Pages of thread lists, in Redis."""

import hashlib
import secrets

from kit.auth.caller import Caller
from kit.redis import Redis
from services.threads.adapters.redis.asking import ask

EDITION_BYTES = 8


class RedisPageCache:
    """Each page carries the edition it belongs to; a write gives the user a new edition, on every instance at once.

    A user without an edition has no page, so there is nothing to take back.
    """

    def __init__(self, redis: Redis, *, life: int) -> None:
        """`life` is in seconds."""
        self._redis = redis
        self._life = life

    async def read(self, caller: Caller, name: str) -> tuple[str, bytes | None]:
        whose = _whose(caller)
        edition, page = await ask(self._redis, "MGET", _edition(whose), _page(whose, name))
        if edition is None:
            return await self._first_edition(whose), None
        current = page is not None and page.startswith(edition)
        return edition.decode(), page[len(edition) :] if current else None

    async def write(self, caller: Caller, name: str, edition: str, page: bytes) -> None:
        await ask(self._redis, "SET", _page(_whose(caller), name), edition.encode() + page, "EX", self._life)

    async def invalidate(self, caller: Caller) -> None:
        await ask(self._redis, "SET", _edition(_whose(caller)), _fresh(), "EX", 2 * self._life, "XX")

    async def _first_edition(self, whose: str) -> str:
        """A new edition, or the one that another reader has just made."""
        fresh = _fresh()
        known = await ask(self._redis, "SET", _edition(whose), fresh, "EX", 2 * self._life, "NX", "GET")
        return known.decode() if isinstance(known, bytes) else fresh


def _fresh() -> str:
    return secrets.token_hex(EDITION_BYTES)


def _edition(whose: str) -> str:
    return f"threads-edition:{whose}"


def _page(whose: str, name: str) -> str:
    return f"threads-page:{whose}:{name}"


def _whose(caller: Caller) -> str:
    return hashlib.sha256(f"{caller.tenant}\0{caller.user}".encode()).hexdigest()[:32]
