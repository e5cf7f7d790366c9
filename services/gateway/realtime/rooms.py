"""The rooms of this instance: one for each thread that any of its sockets looks at."""

import asyncio
import contextlib

from kit.auth.caller import Caller
from services.gateway.realtime.member import Member
from services.gateway.realtime.ports import ThreadWatch
from services.gateway.realtime.room import Room
from services.gateway.service import ChatService

OPEN_SECONDS = 5.0

Key = tuple[str, str, str]


class Rooms:
    def __init__(self, watch: ThreadWatch, chat: ChatService) -> None:
        self._watch = watch
        self._chat = chat
        self._rooms: dict[Key, Room] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._rooms)

    async def enter(self, caller: Caller, thread: str, member: Member, *, turn: str = "", after: int = 0) -> Room:
        """The room with the member in it; raises NotFound for a thread that is not the caller's."""
        key = (caller.tenant, caller.user, thread)
        room = self._rooms.get(key)
        if room is None:
            room = self._rooms[key] = Room(caller, thread, self._watch, self._chat)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(OPEN_SECONDS):
                await room.opened.wait()
        if room.refused is not None:
            self._drop(key, room)
            raise room.refused
        room.enter(member, turn, after)
        return room

    def leave(self, caller: Caller, thread: str, member: Member) -> None:
        key = (caller.tenant, caller.user, thread)
        room = self._rooms.get(key)
        if room is None:
            return
        room.leave(member)
        if not room.members:
            self._drop(key, room)

    async def close(self) -> None:
        await asyncio.gather(*(room.close() for room in self._rooms.values()), *self._closing)
        self._rooms.clear()

    def _drop(self, key: Key, room: Room) -> None:
        if self._rooms.get(key) is room:
            del self._rooms[key]
        task = asyncio.ensure_future(room.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
