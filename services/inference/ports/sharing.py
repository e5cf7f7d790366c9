"""What callers and processes share."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Answered:
    """A whole answer as it is kept."""

    text: str
    provider: str
    model: str
    finish_reason: str
    policy: str


@dataclass(frozen=True, slots=True)
class Seat:
    """A place in a flight: whether one leads it, which generation of it, and the leader's fencing token."""

    leads: bool
    generation: int
    token: int = 0
    fresh: bool = False  # nobody has led this generation before


class Flights(Protocol):
    """Who leads a generation that several callers share, and the whole answers of those that have ended.

    All methods raise Unavailable while this is away. Answers may be forgotten at any time.
    """

    async def take(self, flight: str, process: str) -> Seat | Answered:
        """What was answered before, if it is kept. Else leads where nobody does, and where somebody does, follows.

        A lead is a new generation, or the one whose leader was lost in the middle. A leader learns of who follows.
        """
        ...

    async def renew(self, flight: str, token: int) -> int | None:
        """How many other processes follow; None where the lease is lost."""
        ...

    async def attend(self, flight: str, follower: str) -> bool:
        """Says that a process still follows; answers whether somebody leads."""
        ...

    async def release(
        self, flight: str, token: int, *, ended: bool, told: bool, answer: Answered | None = None
    ) -> bool:
        """Leaves the lead: for good where the answer has `ended`, else for another to go on; keeps `answer`.

        False, and nothing is left, where others follow who were not `told` everything.
        """
        ...

    def followed(self, process: str) -> AsyncGenerator[str, None]:
        """The flights led by the process that another one begins to follow, as it happens; some may be missed."""
        ...
