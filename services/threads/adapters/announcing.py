"""Who learns what happens in threads: their watchers, and the cache of their lists."""

import asyncio
from collections.abc import Awaitable, Sequence

from lectern.threads.v1 import threads_pb2

from kit.auth.caller import Caller
from kit.outage import Outage
from kit.turnlog.ports import Bulletin
from services.threads import convert
from services.threads.model import Thread, Turn
from services.threads.ports import PageCache, ThreadObserver

Event = threads_pb2.ThreadEvent


class Indifferent:
    """An observer to whom nothing matters but what it says otherwise."""

    async def turn_began(self, caller: Caller, turn: Turn) -> None: ...

    async def turn_ended(self, caller: Caller, turn: Turn) -> None: ...

    async def thread_changed(self, caller: Caller, thread: Thread) -> None: ...

    async def thread_deleted(self, caller: Caller, thread: str) -> None: ...


class Announcements:
    """Tells several observers at once, each of what matters to it."""

    def __init__(self, observers: Sequence[ThreadObserver]) -> None:
        self._began, self._ended, self._changed, self._deleted = (
            [getattr(observer, event) for observer in observers if _matters(observer, event)]
            for event in ("turn_began", "turn_ended", "thread_changed", "thread_deleted")
        )

    async def turn_began(self, caller: Caller, turn: Turn) -> None:
        await _all([tell(caller, turn) for tell in self._began])

    async def turn_ended(self, caller: Caller, turn: Turn) -> None:
        await _all([tell(caller, turn) for tell in self._ended])

    async def thread_changed(self, caller: Caller, thread: Thread) -> None:
        await _all([tell(caller, thread) for tell in self._changed])

    async def thread_deleted(self, caller: Caller, thread: str) -> None:
        await _all([tell(caller, thread) for tell in self._deleted])


def _matters(observer: ThreadObserver, event: str) -> bool:
    return getattr(type(observer), event) is not getattr(Indifferent, event)


async def _all(told: Sequence[Awaitable[None]]) -> None:
    if len(told) == 1:
        await told[0]  # without a task of its own
    else:
        await asyncio.gather(*told)


class StalePages(Indifferent):
    """Takes a user's cached lists back whenever one of their threads changes."""

    def __init__(self, cache: PageCache) -> None:
        self._cache = cache

    async def turn_began(self, caller: Caller, turn: Turn) -> None:
        await self._cache.invalidate(caller)

    async def turn_ended(self, caller: Caller, turn: Turn) -> None:
        await self._cache.invalidate(caller)

    async def thread_changed(self, caller: Caller, thread: Thread) -> None:
        await self._cache.invalidate(caller)

    async def thread_deleted(self, caller: Caller, thread: str) -> None:
        await self._cache.invalidate(caller)


class Bulletins(Indifferent):
    """Tells those who watch a thread; of a turn's end its own log tells.

    Nobody waits for a bulletin that is away; watchers then miss the note.
    """

    def __init__(self, bulletin: Bulletin, outage: Outage) -> None:
        self._bulletin = bulletin
        self._outage = outage

    async def turn_began(self, caller: Caller, turn: Turn) -> None:
        """Names the turn, whose log the watchers then follow."""
        pointer = Event.TurnEvent(turn=convert.turn_name(turn.thread, turn.id))
        await self._tell(turn.thread, Event(turn_event=pointer))

    async def thread_changed(self, caller: Caller, thread: Thread) -> None:
        await self._tell(thread.id, Event(thread_updated=convert.thread_message(thread)))

    async def thread_deleted(self, caller: Caller, thread: str) -> None:
        await self._tell(thread, Event(thread_deleted=Event.ThreadDeleted()))

    async def _tell(self, thread: str, event: Event) -> None:
        async def told() -> None:
            await self._bulletin.publish(convert.thread_name(thread), event.SerializeToString())

        async def untold() -> None:
            return None

        await self._outage.guard(told, untold)
