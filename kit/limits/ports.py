from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Taken:
    """How many permits there were, and after how many seconds there is one again where there was none."""

    permits: int
    wait: float = 0.0


class Permits(Protocol):
    """Buckets that fill by so many permits a minute, and hold no more than a minute's worth."""

    async def take(self, bucket: str, per_minute: int, wanted: int) -> Taken:
        """Up to `wanted` permits."""
        ...
