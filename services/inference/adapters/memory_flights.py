"""Leases and answers of flights within one process: for tests, and for a single instance."""

import asyncio
import time
from collections import OrderedDict, defaultdict
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field

from services.inference.ports import Answered, Seat

MAX_ANSWERS = 1000


@dataclass(slots=True)
class _Lease:
    generation: int = 0
    token: int = 0
    open: bool = False
    until: float = 0.0
    leader: str = ""
    followers: dict[str, float] = field(default_factory=dict)


class MemoryFlights:
    def __init__(
        self, seconds: float = 3.0, answer_seconds: float = 0.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """A lease that is not renewed for `seconds` is lost; answers are kept for `answer_seconds`, 0 keeps none."""
        self._seconds, self._answer_seconds, self._clock = seconds, answer_seconds, clock
        self._leases: dict[str, _Lease] = {}
        self._answers: OrderedDict[str, tuple[float, Answered]] = OrderedDict()
        self._told: defaultdict[str, asyncio.Queue[str]] = defaultdict(asyncio.Queue)

    async def take(self, flight: str, process: str) -> Seat | Answered:
        until, answer = self._answers.get(flight, (0.0, None))
        if answer is not None and until > self._clock():
            return answer
        lease = self._leases.setdefault(flight, _Lease())
        if lease.until > self._clock():
            lease.followers[process] = self._clock()
            self._told[lease.leader].put_nowait(flight)
            return Seat(False, lease.generation)
        fresh = not lease.open
        lease.generation += fresh
        lease.token += 1
        lease.open, lease.until, lease.leader = True, self._clock() + self._seconds, process
        return Seat(True, lease.generation, lease.token, fresh)

    async def renew(self, flight: str, token: int) -> int | None:
        lease = self._held(flight, token)
        if lease is None:
            return None
        lease.until = self._clock() + self._seconds
        return self._followers(lease)

    async def attend(self, flight: str, follower: str) -> bool:
        lease = self._leases.setdefault(flight, _Lease())
        lease.followers[follower] = self._clock()
        return lease.until > self._clock()

    async def release(
        self, flight: str, token: int, *, ended: bool, told: bool, answer: Answered | None = None
    ) -> bool:
        lease = self._held(flight, token)
        if lease is None:
            return True
        if not told and self._followers(lease):
            return False
        lease.until, lease.open = 0.0, not ended
        lease.followers = {} if ended else lease.followers
        if answer is not None and self._answer_seconds:
            self._keep(flight, answer)
        return True

    async def followed(self, process: str) -> AsyncGenerator[str, None]:
        while True:
            yield await self._told[process].get()

    def expire(self) -> None:
        """Ends all leases, as if nobody had renewed them in time."""
        for lease in self._leases.values():
            lease.until = 0.0

    def _held(self, flight: str, token: int) -> _Lease | None:
        lease = self._leases.get(flight)
        return lease if lease is not None and lease.token == token and lease.until > self._clock() else None

    def _followers(self, lease: _Lease) -> int:
        return sum(seen > self._clock() - self._seconds for seen in lease.followers.values())

    def _keep(self, flight: str, answer: Answered) -> None:
        self._answers[flight] = (self._clock() + self._answer_seconds, answer)
        self._answers.move_to_end(flight)
        if len(self._answers) > MAX_ANSWERS:
            self._answers.popitem(last=False)
