"""A thread as its members on this instance see it."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing, suppress
from time import monotonic
from typing import Any

import structlog

from kit.auth.caller import Caller
from kit.errors import LecternError, NotFound, PermissionDenied, Reason
from services.gateway.model import Completed, Event, Heartbeat, Started
from services.gateway.realtime.member import Member
from services.gateway.realtime.messages import answer_packet, event_packet, question_packet, thread_packet
from services.gateway.realtime.ports import Happened, ThreadChanged, ThreadGone, ThreadWatch, TurnHappened
from services.gateway.service import ChatService
from services.gateway.socketio.packets import EventPacket

# A running turn that is quiet for so long may have lost its owner: then it is resumed, which takes it over.
SILENCE_SECONDS = 3.0
AGAIN_SECONDS = 0.5
REMEMBERED_TURNS = 64

Shown = tuple[int, EventPacket]

log = structlog.get_logger()


class Room:
    """Hears of a turn's events from several sides, and shows each once and in order."""

    def __init__(self, caller: Caller, thread: str, watch: ThreadWatch, chat: ChatService) -> None:
        self.thread = thread
        self.members: set[Member] = set()
        self.opened = asyncio.Event()
        self.refused: LecternError | None = None
        self._caller = caller
        self._watch = watch
        self._chat = chat
        self._running: dict[str, list[Shown]] = {}
        self._heard: dict[str, float] = {}
        self._ended: dict[str, None] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._resuming: set[str] = set()
        self._start(self._follow())
        self._start(self._guard())

    async def close(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def enter(self, member: Member, turn: str, after: int) -> None:
        """Shows what runs by now, from where the member left off; what it missed of an ended turn is read again."""
        if turn:
            member.begin_after(turn, after)
        self.members.add(member)
        for name, events in self._running.items():
            if after and not turn:
                member.begin_after(name, after)
            for sequence, packet in events:
                member.show(name, sequence, packet)
        if turn and turn not in self._running:
            self._start(self._catch_up(member, turn, after))

    def leave(self, member: Member) -> None:
        self.members.discard(member)

    def hear(self, turn: str, event: Event) -> None:
        """An event of a turn, from whichever side it comes first."""
        if isinstance(event.happening, Heartbeat) or turn in self._ended:
            return
        events = self._running.setdefault(turn, [])
        if event.sequence <= _last(events):
            return
        packet = event_packet(self.thread, turn, event)
        events.append((event.sequence, packet))
        self._heard[turn] = monotonic()
        for member in self.members:
            member.show(turn, event.sequence, packet)
        if isinstance(event.happening, Started):
            self._start(self._tell_question(turn))
        if isinstance(event.happening, Completed):
            self._tell(answer_packet(event.happening))
        if event.final:
            self._end(turn)

    def _end(self, turn: str) -> None:
        self._running.pop(turn)
        self._heard.pop(turn)
        self._ended[turn] = None
        if len(self._ended) > REMEMBERED_TURNS:
            del self._ended[next(iter(self._ended))]

    def _tell(self, packet: EventPacket) -> None:
        for member in self.members:
            member.tell(packet)

    async def _tell_question(self, turn: str) -> None:
        """Other devices have not seen what was asked."""
        with suppress(LecternError):
            self._tell(question_packet(await self._chat.read(self._caller, turn)))

    async def _follow(self) -> None:
        """Watches the thread until it is gone; a watch that breaks is begun again."""
        while self.refused is None:
            try:
                async with aclosing(self._watch.watch(self._caller, self.thread)) as happened:
                    async for each in happened:
                        self.opened.set()
                        self._take(each)
                        if self.refused is not None:
                            return
            except (NotFound, PermissionDenied) as error:
                self._gone(error)
                return
            except LecternError as error:
                log.info("watch_broke", thread=self.thread, reason=error.reason)
            await asyncio.sleep(AGAIN_SECONDS)
            self.opened.set()  # without the watch, what happens on this instance is shown all the same

    def _take(self, happened: Happened | None) -> None:
        match happened:
            case TurnHappened(turn, event):
                self.hear(turn, event)
            case ThreadChanged(thread):
                self._tell(thread_packet("updated", self.thread, {"changed": dict(thread)}))
            case ThreadGone():
                self._gone(NotFound("the thread has been deleted", Reason.THREAD_NOT_FOUND))

    def _gone(self, error: LecternError) -> None:
        """Members are told once; who comes later is refused."""
        self.refused = error
        self.opened.set()
        self._tell(thread_packet("deleted", self.thread))

    async def _guard(self) -> None:
        """Sees to it that a turn whose process died goes on."""
        while True:
            await asyncio.sleep(SILENCE_SECONDS / 3)
            for turn, heard in tuple(self._heard.items()):
                if monotonic() - heard > SILENCE_SECONDS and turn not in self._resuming:
                    self._resuming.add(turn)
                    self._start(self._resume(turn))

    async def _resume(self, turn: str) -> None:
        try:
            after = _last(self._running.get(turn, []))
            async with aclosing(self._chat.resume(self._caller, turn, after)) as rest:
                async for event in rest:
                    self.hear(turn, event)
        except LecternError as error:
            log.info("resume_failed", turn=turn, reason=error.reason)
        finally:
            self._resuming.discard(turn)
            if turn in self._heard:
                self._heard[turn] = monotonic()

    async def _catch_up(self, member: Member, turn: str, after: int) -> None:
        """What a member missed of a turn that the room does not know to be running."""
        with suppress(LecternError):
            async with aclosing(self._chat.resume(self._caller, turn, after)) as rest:
                async for event in _told(rest):
                    if member not in self.members:
                        return
                    shown = member.show(turn, event.sequence, event_packet(self.thread, turn, event))
                    if shown and isinstance(event.happening, Completed):
                        member.tell(answer_packet(event.happening))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _last(events: list[Shown]) -> int:
    """The number of the last event, 0 where there is none."""
    return events[-1][0] if events else 0


async def _told(events: AsyncGenerator[Event, None]) -> AsyncGenerator[Event, None]:
    async for event in events:
        if not isinstance(event.happening, Heartbeat):
            yield event
