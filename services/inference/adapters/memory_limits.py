"""Limits of one process: the approximation while Redis is away."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from services.inference.ports import Claim, Verdict

MINUTE = 60.0
FORGOTTEN_SECONDS = 3.0
LEAST_WAIT = 0.05


@dataclass(slots=True)
class _Line:
    tags: dict[str, float] = field(default_factory=dict)  # by ticket; the lowest is served first
    seen: dict[str, float] = field(default_factory=dict)
    last: dict[str, float] = field(default_factory=dict)  # the last tag of each user
    served: float = 0.0

    def place(self, ticket: str) -> int:
        return sum(tag < self.tags[ticket] for tag in self.tags.values()) + 1

    def enter(self, user: str, ticket: str) -> None:
        """Start-time fair queueing: the tags of one user rise by one with each ticket."""
        if ticket not in self.tags:
            tag = max(self.served, self.last.get(user, 0.0)) + 1
            self.last[user] = tag
            self.tags[ticket] = tag + len(self.seen) * 1e-6

    def leave(self, ticket: str) -> None:
        self.served = max(self.served, self.tags.pop(ticket, 0.0) // 1)
        self.seen.pop(ticket, None)
        if not self.tags:
            self.last.clear()


class MemoryLimits:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._levels: dict[str, tuple[float, float]] = {}
        self._lines: dict[str, _Line] = {}

    async def reserve(
        self, shared: Sequence[Claim], own: Sequence[Claim], *, line: str, user: str, ticket: str, queue: bool
    ) -> Verdict:
        waiting = self._fresh(line)
        if own_wait := max((self._wait(claim) for claim in own), default=0.0):
            waiting.leave(ticket)
            return Verdict(False, own_wait, own=True)
        first = not waiting.tags or (ticket in waiting.tags and waiting.place(ticket) == 1)
        wait = max((self._wait(claim) for claim in shared), default=0.0)
        if first and not wait:
            for claim in (*shared, *own):
                self._take(claim)
            waiting.leave(ticket)
            return Verdict(True)
        if queue:
            waiting.enter(user, ticket)
            waiting.seen[ticket] = self._clock()
        return Verdict(False, max(wait, LEAST_WAIT), waiting.place(ticket) if ticket in waiting.tags else 0)

    async def give_back(self, claims: Sequence[Claim]) -> None:
        for claim in claims:
            level = self._level(claim) + claim.amount
            self._levels[claim.bucket] = (min(level, float(claim.per_minute)), self._clock())

    async def leave(self, line: str, ticket: str) -> None:
        self._fresh(line).leave(ticket)

    def _fresh(self, line: str) -> _Line:
        """The line without those who no longer ask."""
        waiting = self._lines.setdefault(line, _Line())
        horizon = self._clock() - FORGOTTEN_SECONDS
        for ticket in [ticket for ticket, seen in waiting.seen.items() if seen < horizon]:
            waiting.leave(ticket)
        return waiting

    def _level(self, claim: Claim) -> float:
        level, at = self._levels.get(claim.bucket, (float(claim.per_minute), self._clock()))
        return min(float(claim.per_minute), level + (self._clock() - at) * claim.per_minute / MINUTE)

    def _wait(self, claim: Claim) -> float:
        missing = min(claim.amount, claim.per_minute) - self._level(claim)
        return max(0.0, missing) * MINUTE / claim.per_minute

    def _take(self, claim: Claim) -> None:
        self._levels[claim.bucket] = (self._level(claim) - min(claim.amount, claim.per_minute), self._clock())
