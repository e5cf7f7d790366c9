"""Leases of flights within one process: for tests, and for a single instance."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from services.inference.ports import Seat


@dataclass(slots=True)
class _Lease:
    generation: int = 0
    token: int = 0
    open: bool = False
    until: float = 0.0
    followers: dict[str, float] = field(default_factory=dict)


class MemoryFlights:
    def __init__(self, seconds: float = 3.0, clock: Callable[[], float] = time.monotonic) -> None:
        """A lease that is not renewed for so many seconds is lost."""
        self._seconds, self._clock = seconds, clock
        self._leases: dict[str, _Lease] = {}

    async def take(self, flight: str) -> Seat:
        lease = self._leases.setdefault(flight, _Lease())
        if lease.until > self._clock():
            return Seat(False, lease.generation)
        fresh = not lease.open
        lease.generation += fresh
        lease.token += 1
        lease.open, lease.until = True, self._clock() + self._seconds
        return Seat(True, lease.generation, lease.token, fresh)

    async def renew(self, flight: str, token: int) -> int | None:
        lease = self._leases.get(flight)
        if lease is None or lease.token != token or lease.until <= self._clock():
            return None
        lease.until = self._clock() + self._seconds
        return sum(seen > self._clock() - self._seconds for seen in lease.followers.values())

    async def attend(self, flight: str, follower: str) -> bool:
        lease = self._leases.setdefault(flight, _Lease())
        lease.followers[follower] = self._clock()
        return lease.until > self._clock()

    async def release(self, flight: str, token: int, *, ended: bool) -> None:
        lease = self._leases.get(flight)
        if lease is not None and lease.token == token:
            lease.until, lease.open = 0.0, not ended
            lease.followers = {} if ended else lease.followers
