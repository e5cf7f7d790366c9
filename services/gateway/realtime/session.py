"""What one connected client may do, and what it has under way."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

from google.protobuf import json_format

from kit import names
from kit.auth.caller import Caller
from kit.errors import InvalidArgument, LecternError, ResourceExhausted
from kit.jobs.messages import job_message
from services.gateway.convert import check_place
from services.gateway.jobs.reading import JobReader
from services.gateway.model import Question, Started
from services.gateway.observed import observed, refusals
from services.gateway.realtime.member import Member
from services.gateway.realtime.rooms import Rooms
from services.gateway.service import ChatService
from services.gateway.socketio.packets import EventPacket

THREAD = "threads/{thread}"
TURN = "threads/{thread}/turns/{turn}"
MOST_ROOMS = 20
MOST_JOBS = 20
# Messages of a client in any second.
MOST_PER_SECOND = 20

Ack = dict[str, Any]


class Session:
    """Each method answers a message of the client; LecternErrors are told in its acknowledgement."""

    def __init__(
        self, caller: Caller, token: str, member: Member, rooms: Rooms, chat: ChatService, jobs: JobReader
    ) -> None:
        self.caller = caller
        self.token = token
        self._member = member
        self._rooms = rooms
        self._chat = chat
        self._jobs = jobs
        self._joined: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._second, self._count = 0, 0

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for thread in self._joined:
            self._rooms.leave(self.caller, thread, self._member)

    def count(self) -> None:
        """Raises ResourceExhausted above so many messages a second."""
        second = int(time.monotonic())
        self._second, self._count = second, self._count + 1 if second == self._second else 1
        if self._count > MOST_PER_SECOND:
            raise ResourceExhausted("too many messages", retry_after=1)

    async def join(self, body: Mapping[str, Any]) -> Ack:
        """`{thread, turn, afterSequence}`, or `{job}`."""
        if "job" in body:
            return await self._watch_job(names.parse("jobs/{job}", _text(body, "job"), "job")["job"])
        thread, turn, after = _text(body, "thread"), _text(body, "turn"), _number(body, "afterSequence")
        names.parse(THREAD, thread, "thread")
        if turn and names.parse(TURN, turn, "turn")["thread"] != thread.removeprefix("threads/"):
            raise InvalidArgument("the turn is of another thread", field="turn")
        await self._enter(thread, turn, after)
        return {"ok": True, "thread": thread}

    async def leave(self, body: Mapping[str, Any]) -> Ack:
        thread = _text(body, "thread")
        if thread in self._joined:
            self._joined.discard(thread)
            self._rooms.leave(self.caller, thread, self._member)
        return {"ok": True, "thread": thread}

    async def ask(self, body: Mapping[str, Any]) -> Ack:
        """`{course, videoUrl, message, requestId, position}`: answers once the turn has begun."""
        with refusals():
            question = _question(body)
        begun: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
        self._start(self._answer(question, begun))
        return await begun

    async def cancel(self, body: Mapping[str, Any]) -> Ack:
        turn = _text(body, "turn")
        names.parse(TURN, turn, "turn")
        return {"ok": True, "turn": (await self._chat.cancel(self.caller, turn)).name}

    async def _answer(self, question: Question, begun: "asyncio.Future[Ack]") -> None:
        """The events go to the room, so that everybody there sees the same."""
        turn, room = "", None
        try:
            async with aclosing(observed(self._chat.ask(self.caller, question))) as events:
                async for event in events:
                    if isinstance(event.happening, Started) and room is None:
                        turn, thread = event.happening.turn, event.happening.thread
                        room = await self._enter(thread, "", 0)
                        _settle(begun, {"ok": True, "turn": turn, "thread": thread})
                    if room is not None:
                        room.hear(turn, event)
        except LecternError as error:
            if begun.done():
                self._member.tell(EventPacket("problem", {"turn": turn, **problem(error)["error"]}))
            _settle(begun, problem(error))
        finally:
            _settle(begun, {"ok": False})

    async def _enter(self, thread: str, turn: str, after: int) -> Any:
        if thread not in self._joined and len(self._joined) >= MOST_ROOMS:
            raise ResourceExhausted(f"a connection looks at no more than {MOST_ROOMS} threads")
        room = await self._rooms.enter(self.caller, thread, self._member, turn=turn, after=after)
        self._joined.add(thread)
        return room

    async def _watch_job(self, job: str) -> Ack:
        if len(self._tasks) >= MOST_JOBS:
            raise ResourceExhausted(f"a connection watches no more than {MOST_JOBS} things at once")
        found = await self._jobs.get(self.caller, job)
        self._start(self._follow_job(job))
        return {"ok": True, "job": json_format.MessageToDict(job_message(found))}

    async def _follow_job(self, job: str) -> None:
        async with aclosing(self._jobs.watch(self.caller, job)) as changes:
            async for changed in changes:
                self._member.tell(EventPacket("job", json_format.MessageToDict(job_message(changed))))

    def _start(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def problem(error: LecternError) -> Ack:
    """An error as acknowledgements tell it."""
    told: dict[str, Any] = {"reason": error.reason.value, "message": error.message}
    if error.field:
        told["field"] = error.field
    if error.retry_after is not None:
        told["retryAfter"] = error.retry_after
    return {"ok": False, "error": told}


def _question(body: Mapping[str, Any]) -> Question:
    course, continues = _text(body, "course"), _text(body, "continues")
    check_place(course, continues)
    position = body.get("position")
    if position is not None and not isinstance(position, int | float):
        raise InvalidArgument("position must be a number of seconds", field="position")
    message, request_id = _text(body, "message"), _text(body, "requestId")
    return Question(course, _text(body, "videoUrl"), message, request_id, position, continues)


def _settle(begun: "asyncio.Future[Ack]", ack: Ack) -> None:
    if not begun.done():
        begun.set_result(ack)


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name, "")
    if not isinstance(value, str):
        raise InvalidArgument(f"{name} must be a text", field=name)
    return value


def _number(body: Mapping[str, Any], name: str) -> int:
    value = body.get(name, 0)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InvalidArgument(f"{name} must be a whole number, 0 or more", field=name)
    return value
