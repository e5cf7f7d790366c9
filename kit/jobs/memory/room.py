"""The waiting room in memory."""

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from kit.jobs.model import Ticket
from kit.jobs.ports import Occupancy, Rules, Survey


@dataclass
class _Room:
    """`line` holds what was released and nobody has taken, as Dramatiq's queue does; `starts` is by job and token."""

    rules: Rules | None = None
    waiting: dict[str, tuple[int, int, Ticket]] = field(default_factory=dict)
    slots: dict[str, float] = field(default_factory=dict)
    starts: dict[tuple[str, int], float] = field(default_factory=dict)
    line: list[str] = field(default_factory=list)
    turns: dict[tuple[int, str], int] = field(default_factory=dict)
    current: dict[int, int] = field(default_factory=dict)


class MemoryRoom:
    """Grants under the rules of the real one, within one process."""

    def __init__(self, start_within: float = 30.0) -> None:
        self._start_within = start_within
        self._rooms: defaultdict[str, _Room] = defaultdict(_Room)

    def line(self, queue: str) -> list[str]:
        """The jobs that were released, in order; taking them out is the reader's part."""
        return self._rooms[queue].line

    async def enter(self, tickets: Sequence[Ticket]) -> int:
        released = 0
        for ticket in tickets:
            room = self._rooms[ticket.queue]
            if ticket.job in room.waiting or room.slots.get(ticket.job, 0) > time.monotonic():
                continue
            first = not room.waiting or _identity(ticket) in room.starts
            if first and _may_release(room, ticket):
                self._release(room, ticket)
                released += 1
            else:
                _wait(room, ticket)
                self._pump(room)
        return released

    async def begin(self, queue: str, job: str, lease: float) -> bool:
        room, now = self._rooms[queue], time.monotonic()
        if room.rules and room.rules.paused:
            _forget(room, job)
            return False
        if room.slots.get(job, 0) <= now:
            _expire(room)
            if room.rules and len(room.slots) >= room.rules.limit:
                return False
        _forget(room, job)
        room.slots[job] = now + lease
        return True

    async def occupy(self, queue: str, jobs: Sequence[str], lease: float) -> None:
        room = self._rooms[queue]
        for job in jobs:
            _forget(room, job)
            room.slots[job] = time.monotonic() + lease

    async def leave(self, queue: str, jobs: Sequence[str]) -> None:
        room = self._rooms[queue]
        for job in jobs:
            _forget(room, job)
        self._pump(room)

    async def exchange(self, queue: str, jobs: Sequence[str], most: int, lease: float) -> list[str]:
        await self.leave(queue, jobs)
        line, taken = self._rooms[queue].line, list[str]()
        while line and len(taken) < most:
            job = line.pop(0)
            if await self.begin(queue, job, lease):
                taken.append(job)
        return taken

    async def pump(self, queue: str) -> Occupancy:
        room = self._rooms[queue]
        self._pump(room)
        _expire(room)
        return Occupancy(len(room.waiting), len(room.slots))

    async def govern(self, rules: Rules) -> Occupancy:
        self._rooms[rules.queue.name].rules = rules
        return await self.pump(rules.queue.name)

    async def governed(self, queue: str) -> bool:
        return self._rooms[queue].rules is not None

    async def survey(self, queues: Sequence[str]) -> Survey:
        rooms = [self._rooms[queue] for queue in queues]
        return Survey(sum(room.rules is not None for room in rooms), sum(bool(room.waiting) for room in rooms))

    async def missing(self, queue: str, jobs: Sequence[str]) -> list[str]:
        room, now = self._rooms[queue], time.monotonic()
        return [job for job in jobs if job not in room.waiting and room.slots.get(job, 0) <= now]

    def _pump(self, room: _Room) -> None:
        while room.waiting and _may_release(room):
            priority, turn, ticket = min(room.waiting.values(), key=lambda place: (*place[:2], place[2].job))
            room.current[priority] = turn
            del room.waiting[ticket.job]
            self._release(room, ticket)
        if not room.waiting:
            room.turns.clear()
            room.current.clear()

    def _release(self, room: _Room, ticket: Ticket) -> None:
        if ticket.job not in room.line:
            room.line.append(ticket.job)
        room.slots[ticket.job] = time.monotonic() + self._start_within
        if room.rules and room.rules.queue.rate:
            room.starts[_identity(ticket)] = time.monotonic()


def _identity(ticket: Ticket) -> tuple[str, int]:
    return ticket.job, ticket.token


def _may_release(room: _Room, ticket: Ticket | None = None) -> bool:
    """A ticket that was released before is counted already."""
    rules = room.rules
    if rules is None or rules.paused:
        return False
    _expire(room)
    rate = rules.queue.rate
    if len(room.slots) >= rules.limit:
        return False
    if rate is None:
        return True
    since = time.monotonic() - rate.seconds
    room.starts = {identity: at for identity, at in room.starts.items() if at > since}
    return len(room.starts) < rate.count or (ticket is not None and _identity(ticket) in room.starts)


def _wait(room: _Room, ticket: Ticket) -> None:
    user = (ticket.priority, ticket.user)
    turn = max(room.current.get(ticket.priority, 0), room.turns.get(user, 0)) + 1
    room.turns[user] = turn
    room.waiting[ticket.job] = (ticket.priority, turn, ticket)


def _forget(room: _Room, job: str) -> None:
    room.slots.pop(job, None)
    room.waiting.pop(job, None)


def _expire(room: _Room) -> None:
    now = time.monotonic()
    room.slots = {job: until for job, until in room.slots.items() if until > now}
