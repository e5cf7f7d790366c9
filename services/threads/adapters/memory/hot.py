import time
from collections import OrderedDict

from services.threads.model import ThreadKey


class MemoryHotThreads:
    """The threads used last in this process, up to a bound."""

    def __init__(self, *, life: float, capacity: int = 10_000) -> None:
        """`life` is in seconds, since the last use."""
        self._life = life
        self._capacity = capacity
        self._known: OrderedDict[ThreadKey, tuple[str, float]] = OrderedDict()

    async def recall(self, key: ThreadKey) -> str | None:
        thread, expires = self._known.get(key, ("", 0.0))
        if expires <= time.monotonic():
            return None
        await self.remember(key, thread)
        return thread

    async def remember(self, key: ThreadKey, thread: str) -> None:
        self._known[key] = thread, time.monotonic() + self._life
        self._known.move_to_end(key)
        if len(self._known) > self._capacity:
            self._known.popitem(last=False)

    async def forget(self, key: ThreadKey) -> None:
        self._known.pop(key, None)
