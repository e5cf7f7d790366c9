from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Lookups:
    """Look-ups in one layer of caches since the process began, and the entries that it holds where that is known."""

    hits: int = 0
    misses: int = 0
    entries: int = 0

    def __add__(self, other: "Lookups") -> "Lookups":
        return Lookups(self.hits + other.hits, self.misses + other.misses, self.entries + other.entries)

    @property
    def hit_rate(self) -> float:
        """0 to 1; 0 before the first look-up."""
        return self.hits / max(1, self.hits + self.misses)


@dataclass(frozen=True, slots=True)
class Vitals:
    """A process of a service as it was a few seconds ago; `lookups` by layer.

    `active_threads` are those in use within the last minutes, `active_turns` those that are answered now.
    """

    service: str
    instance: str
    memory_bytes: int = 0
    active_turns: int = 0
    lookups: Mapping[str, Lookups] = field(default_factory=dict)
    active_threads: int = 0


class VitalsBoard(Protocol):
    """Where processes post their vitals. Both raise Unavailable while it is away."""

    async def post(self, vitals: Vitals, seconds: float) -> None:
        """Replaces what the instance posted before; it is forgotten after so many seconds."""

    async def read(self) -> Sequence[Vitals]:
        """The vitals of the processes that live, by service and instance."""
