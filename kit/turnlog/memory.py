"""The log in the process's own memory: for tests, and for a single instance without Redis."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

from kit.errors import Conflict, Reason
from kit.turnlog.ports import Entry

KEPT_TURNS = 10_000


@dataclass
class _Turn:
    token: int = 0
    entries: list[Entry] = field(default_factory=list)
    grown: asyncio.Condition = field(default_factory=asyncio.Condition)


class MemoryTurnLog:
    """Keeps the newest turns, up to a bound."""

    def __init__(self) -> None:
        self._turns: dict[str, _Turn] = {}

    async def append(self, turn: str, token: int, entries: Sequence[Entry]) -> None:
        kept = self._turn(turn)
        if token < kept.token:
            raise Conflict("another process has taken this turn over", Reason.LEASE_LOST)
        kept.token = token
        last = kept.entries[-1].sequence if kept.entries else 0
        kept.entries.extend(entry for entry in entries if entry.sequence > last)
        async with kept.grown:
            kept.grown.notify_all()

    async def read(self, turn: str, after: int = 0) -> list[Entry]:
        kept = self._turns.get(turn)
        return [entry for entry in kept.entries if entry.sequence > after] if kept else []

    async def follow(self, turn: str, after: int = 0) -> AsyncGenerator[Entry, None]:
        kept = self._turn(turn)
        while True:
            for entry in await self.read(turn, after):
                yield entry
                after = entry.sequence
                if entry.final:
                    return
            async with kept.grown:
                if not kept.entries or kept.entries[-1].sequence <= after:
                    await kept.grown.wait()

    def _turn(self, turn: str) -> _Turn:
        if turn not in self._turns:
            self._turns[turn] = _Turn()
            if len(self._turns) > KEPT_TURNS:
                del self._turns[next(iter(self._turns))]
        return self._turns[turn]


class MemoryBulletin:
    """Watchers of this process alone."""

    def __init__(self) -> None:
        self._watchers: defaultdict[str, set[asyncio.Queue[bytes]]] = defaultdict(set)

    async def publish(self, thread: str, note: bytes) -> None:
        for watcher in self._watchers.get(thread, ()):
            watcher.put_nowait(note)

    async def follow(self, thread: str) -> AsyncGenerator[bytes, None]:
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        self._watchers[thread].add(queue)
        try:
            yield b""
            while True:
                yield await queue.get()
        finally:
            self._watchers[thread].discard(queue)
            if not self._watchers[thread]:
                del self._watchers[thread]
