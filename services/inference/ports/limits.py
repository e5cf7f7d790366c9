"""Requests and tokens per minute."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Claim:
    """So much of what `bucket` allows in a minute. A claim larger than that takes the whole minute."""

    bucket: str
    per_minute: int
    amount: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the claims were taken; if not, `wait` in seconds until it is worth asking again, and the place in line.

    `own` says that the caller's own limit is reached, rather than the provider's.
    """

    granted: bool
    wait: float = 0.0
    place: int = 0
    own: bool = False


class Limits(Protocol):
    """Buckets that refill evenly, shared by all processes; and a line in which users wait their fair turn."""

    async def reserve(
        self, shared: Sequence[Claim], own: Sequence[Claim], *, line: str, user: str, ticket: str, queue: bool
    ) -> Verdict:
        """Takes all claims or none; nobody passes those who wait in `line`.

        With `queue` a refused ticket takes its place there, and keeps it by asking again every second or so.
        """
        ...

    async def give_back(self, claims: Sequence[Claim]) -> None:
        """Returns what was reserved and not used; a negative amount takes what was used beyond it."""
        ...

    async def leave(self, line: str, ticket: str) -> None: ...
