"""Everything that happens in a thread as one stream, from the bulletin and the logs of its turns."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing

from lectern.chat.v1 import chat_pb2
from lectern.threads.v1 import threads_pb2

from kit.auth.caller import Caller
from kit.errors import NotFound, Reason
from kit.turnlog.ports import Bulletin, TurnLog
from services.threads import convert
from services.threads.ports import TurnStore

Event = threads_pb2.ThreadEvent

# A reader who is slower than this many events makes the logs wait for it, not the memory grow.
BUFFER = 64


class Watching:
    """Follows threads for their watchers, on whichever instance their turns are answered."""

    def __init__(self, turns: TurnStore, log: TurnLog, bulletin: Bulletin, *, heartbeat: float) -> None:
        """`heartbeat` is in seconds."""
        self._turns = turns
        self._log = log
        self._bulletin = bulletin
        self._heartbeat = heartbeat

    async def watch(self, caller: Caller, thread: str) -> AsyncGenerator[Event, None]:
        """Events from now on, and those of running turns from their beginning. Ends when the thread is deleted.

        The first heartbeat says that nothing is missed from there on.
        """
        if await self._turns.queue(caller, thread) is None:
            raise NotFound("no such thread", Reason.THREAD_NOT_FOUND)
        feed = _Feed()
        feed.start(self._follow(caller, thread, feed))
        try:
            while True:
                event = await feed.next(self._heartbeat)
                yield event or Event(heartbeat=Event.Heartbeat())
                if event is not None and event.HasField("thread_deleted"):
                    return
        finally:
            await feed.close()

    async def _follow(self, caller: Caller, thread: str, feed: "_Feed") -> None:
        followed: set[str] = set()
        async with aclosing(self._bulletin.follow(convert.thread_name(thread))) as notes:
            async for note in notes:
                # The first, empty note says that nothing is missed from here on: what runs by now is looked up.
                events = [Event.FromString(note)] if note else await self._running(caller, thread)
                for event in events:
                    if not event.HasField("turn_event"):
                        await feed.put(event)
                    elif event.turn_event.turn not in followed:
                        followed.add(event.turn_event.turn)
                        feed.start(self._follow_turn(event.turn_event.turn, feed))
                if not note:
                    await feed.put(Event(heartbeat=Event.Heartbeat()))

    async def _running(self, caller: Caller, thread: str) -> list[Event]:
        queue = await self._turns.queue(caller, thread) or ()
        return [Event(turn_event=Event.TurnEvent(turn=convert.turn_name(thread, turn.id))) for turn in queue]

    async def _follow_turn(self, name: str, feed: "_Feed") -> None:
        async with aclosing(self._log.follow(name)) as entries:
            async for entry in entries:
                event = chat_pb2.TurnEvent.FromString(entry.payload)
                await feed.put(Event(turn_event=Event.TurnEvent(turn=name, event=event)))


class _Feed:
    """What several followers find, for one reader; a follower's failure is the reader's."""

    def __init__(self) -> None:
        self._events: asyncio.Queue[Event | Exception] = asyncio.Queue(BUFFER)
        self._followers: set[asyncio.Task[None]] = set()

    def start(self, follower: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(self._run(follower))
        self._followers.add(task)
        task.add_done_callback(self._followers.discard)

    async def put(self, event: Event) -> None:
        await self._events.put(event)

    async def next(self, seconds: float) -> Event | None:
        """The next event; None after so many quiet seconds."""
        try:
            async with asyncio.timeout(seconds):
                event = await self._events.get()
        except TimeoutError:
            return None
        if isinstance(event, Exception):
            raise event
        return event

    async def close(self) -> None:
        for follower in tuple(self._followers):
            follower.cancel()
        await asyncio.gather(*self._followers, return_exceptions=True)

    async def _run(self, follower: Coroutine[None, None, None]) -> None:
        try:
            await follower
        except Exception as error:
            await self._events.put(error)
