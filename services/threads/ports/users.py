"""What other services keep of a user."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from kit.auth.caller import Caller


@dataclass(frozen=True, slots=True)
class Spent:
    """What a user's calls of one kind took."""

    course: str
    provider: str
    model: str
    purpose: str
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float
    unpriced_calls: int = 0


class Memberships(Protocol):
    """The courses that the caller is a member of, by id."""

    async def courses(self, caller: Caller) -> Sequence[str]: ...

    async def erase(self, caller: Caller) -> None:
        """Ends them; repeatable."""


class Spending(Protocol):
    """What the caller's calls to models took."""

    async def spent(self, caller: Caller) -> Sequence[Spent]: ...

    async def erase(self, caller: Caller) -> None:
        """Forgets it; repeatable."""
