"""How long to try, and how often."""

import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from lectern_client.errors import ApiError, ConnectionFailed, LecternError

Observer = Callable[[LecternError, float], None]


def ignore(trouble: LecternError, pause: float) -> None:
    """An observer that looks away."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Times in seconds. `observe` is told of each trouble that is waited out, and for how long."""

    attempts: int = 4
    """How often a request is sent before its first byte comes back."""
    deadline: float = 300.0
    """How long a call may take in all, and a stream to be taken up again after its last sign of life."""
    quiet: float = 30.0
    """A stream without an event for so long is broken: the server says each ten seconds that it lives."""
    connect: float = 5.0
    first_pause: float = 0.1
    longest_pause: float = 2.0
    longest_retry_after: float = 60.0
    """Whoever says to come back later than this is not waited for."""
    observe: Observer = ignore
    clock: Callable[[], float] = time.monotonic
    dice: Callable[[], float] = random.random


class Patience:
    """What is left of a policy for one call or stream."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._ends = policy.clock() + policy.deadline
        self._failures = 0
        self._begun = False

    def progressed(self) -> None:
        """The server lives: from now on time alone counts, and anew."""
        self._begun = True
        self._failures = 0
        self._ends = self._policy.clock() + self._policy.deadline

    def pause(self, trouble: LecternError) -> float:
        """How long to wait before the next attempt; raises the trouble where there is none."""
        self._failures += 1
        seconds = self._seconds(trouble)
        exhausted = not self._begun and self._failures >= self._policy.attempts
        if exhausted or seconds > self._policy.longest_retry_after or self._policy.clock() + seconds > self._ends:
            raise trouble
        self._policy.observe(trouble, seconds)
        return seconds

    def _seconds(self, trouble: LecternError) -> float:
        """Asked for by the server, or doubled each time; with jitter, so that not all come back at once."""
        if isinstance(trouble, ApiError) and trouble.retry_after is not None:
            return trouble.retry_after * (1 + 0.1 * self._policy.dice())
        doubled = self._policy.first_pause * math.pow(2, min(self._failures - 1, 16))
        return min(doubled, self._policy.longest_pause) * (0.5 + 0.5 * self._policy.dice())


def may_repeat(trouble: LecternError, *, repeatable: bool) -> bool:
    """Whether the same request may be sent again: it was surely not served, or does no harm twice."""
    if isinstance(trouble, ConnectionFailed):
        return repeatable or not trouble.sent
    if isinstance(trouble, ApiError) and trouble.temporary:
        return repeatable or trouble.refused
    return False
