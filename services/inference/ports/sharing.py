"""What callers and processes share."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Answered:
    """A whole answer as the cache keeps it."""

    text: str
    provider: str
    model: str
    finish_reason: str
    policy: str


class AnswerCache(Protocol):
    """Whole answers by key; an optimisation that may forget or be away at any time."""

    async def get(self, key: str) -> Answered | None: ...

    async def put(self, key: str, answer: Answered) -> None: ...


@dataclass(frozen=True, slots=True)
class Seat:
    """A place in a flight: whether one leads it, which generation of it, and the leader's fencing token."""

    leads: bool
    generation: int
    token: int = 0
    fresh: bool = False  # nobody has led this generation before


class FlightLeases(Protocol):
    """Who leads a generation that several callers share. All methods raise Unavailable while the leases are away."""

    async def take(self, flight: str) -> Seat:
        """Leads where nobody does: a new generation, or the one whose leader was lost in the middle."""
        ...

    async def renew(self, flight: str, token: int) -> int | None:
        """How many other processes follow; None where the lease is lost."""
        ...

    async def attend(self, flight: str, follower: str) -> bool:
        """Says that a process still follows; answers whether somebody leads."""
        ...

    async def release(self, flight: str, token: int, *, ended: bool) -> None:
        """Leaves the lead: for good where the answer has `ended`, else for another to go on."""
        ...
