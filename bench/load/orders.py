"""What the load generator is told to send, and what it says that came of it; both travel as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

NUMBER = "@N@"
"""Stands in a body for a number that no other request has."""

Pattern = Literal["closed", "paced", "instant", "streams"]


@dataclass(frozen=True)
class Caller:
    """One user: what is sent on their behalf each time. `raw` is a body in base64 instead of `body`."""

    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    raw: str = ""


@dataclass(frozen=True)
class Order:
    """A load.

    closed: `connections` at a time, each asks again as soon as it was answered, for the callers in turn.
    paced: each caller has a connection of its own, all of them together send `per_second`.
    instant: each caller has a connection of its own, all of them send once in the same instant.
    streams: each caller has a connection of its own and asks again as soon as it was answered; gaps are looked at.
    """

    pattern: Pattern
    base_url: str
    callers: Sequence[Caller]
    method: str = "POST"
    seconds: float = 5.0
    warm_seconds: float = 1.0
    connections: int = 24
    per_second: float = 0.0
    marker: str = ""  # what each piece of text holds
    whole: str = ""  # what every whole answer holds
    gap_ms: float = 150.0


@dataclass(frozen=True)
class Outcome:
    """Times in milliseconds; `processor_ms` is what the generator took itself while it measured."""

    done: int
    seconds: float
    mean: float
    p50: float
    p99: float
    slowest: float
    processor_ms: float
    statuses: Mapping[str, int]
    first_p50: float = 0.0
    first_p99: float = 0.0
    with_gap: int = 0  # streams with a pause between two pieces of text longer than `gap_ms`
    gap_p99: float = 0.0  # of the longest pause of each stream
    late: int = 0  # not sent, because the caller's last was not answered yet
    cached: int = 0  # answers that say they come from a cache
    in_all: int = 0  # whole answers, those before and after the measured time with them
    bodies: Sequence[str] = ()  # the first few answers that were not whole

    @property
    def per_second(self) -> float:
        return self.done / self.seconds if self.seconds else 0.0

    @property
    def failed(self) -> int:
        return sum(count for status, count in self.statuses.items() if status != "200")

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Outcome":
        return cls(**told)
