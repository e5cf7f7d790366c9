"""What a breaker knows and when it opens."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

Clock = Callable[[], float]


class State(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class Rule:
    """Opens at `share` of failures among at least `minimum` requests in `window` seconds, for `open_for` seconds."""

    share: float = 0.5
    minimum: int = 10
    window: float = 30.0
    open_for: float = 60.0
    probe_for: float = 30.0  # how long one probe may take before another is let through


@dataclass(frozen=True, slots=True)
class Standing:
    """A breaker as it stands; `opens_in` and `rests_for` are seconds from now, `forced` what an operator set."""

    state: State = State.CLOSED
    requests: int = 0
    failures: int = 0
    opens_in: float = 0.0
    rests_for: float = 0.0
    forced: State | None = None


class Window:
    """Outcomes of the last seconds."""

    def __init__(self, seconds: float, clock: Clock) -> None:
        self._seconds, self._clock = seconds, clock
        self._outcomes: deque[tuple[float, bool]] = deque(maxlen=10_000)

    def add(self, *, failed: bool) -> None:
        self._outcomes.append((self._clock(), failed))

    def counts(self) -> tuple[int, int]:
        """Requests and failures."""
        horizon = self._clock() - self._seconds
        while self._outcomes and self._outcomes[0][0] < horizon:
            self._outcomes.popleft()
        return len(self._outcomes), sum(failed for _, failed in self._outcomes)

    def clear(self) -> None:
        self._outcomes.clear()


def trips(rule: Rule, requests: int, failures: int) -> bool:
    return requests >= rule.minimum and failures >= rule.share * requests
