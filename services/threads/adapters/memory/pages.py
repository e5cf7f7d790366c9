import secrets
import time
from collections import OrderedDict

from kit.auth.caller import Caller

Whose = tuple[str, str]


class MemoryPageCache:
    """Pages in this process, up to a bound; right for a single instance alone."""

    def __init__(self, *, life: float, capacity: int = 1_000) -> None:
        """`life` is in seconds."""
        self._life = life
        self._capacity = capacity
        self._editions: dict[Whose, str] = {}
        self._pages: OrderedDict[tuple[Whose, str], tuple[str, bytes, float]] = OrderedDict()

    async def read(self, caller: Caller, name: str) -> tuple[str, bytes | None]:
        current = self._editions.setdefault(_whose(caller), secrets.token_hex(8))
        edition, page, expires = self._pages.get((_whose(caller), name), ("", b"", 0.0))
        return current, page if edition == current and expires > time.monotonic() else None

    async def write(self, caller: Caller, name: str, edition: str, page: bytes) -> None:
        self._pages[_whose(caller), name] = edition, page, time.monotonic() + self._life
        if len(self._pages) > self._capacity:
            self._pages.popitem(last=False)

    async def invalidate(self, caller: Caller) -> None:
        self._editions.pop(_whose(caller), None)


def _whose(caller: Caller) -> Whose:
    return caller.tenant, caller.user
