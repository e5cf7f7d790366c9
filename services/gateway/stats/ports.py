from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class BreakerState(StrEnum):
    """From the best to the worst."""

    CLOSED = "CLOSED"
    HALF_OPEN = "HALF_OPEN"
    OPEN = "OPEN"


@dataclass(frozen=True, slots=True)
class Breaker:
    """The breakers before one provider, as one: closed where any of its keys may be used."""

    provider: str
    state: BreakerState
    requests: int = 0
    failures: int = 0


class Breakers(Protocol):
    async def breakers(self) -> Sequence[Breaker]:
        """Those of all model providers, in order of preference."""
