"""Each part that the system leans on, asked at once and answered within a second."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

CHECK_SECONDS = 1.0
FRESH_SECONDS = 1.0

Ask = Callable[[], Awaitable[object]]


class Status(StrEnum):
    HEALTHY = "HEALTHY"
    DEGRADED = "DEGRADED"
    UNHEALTHY = "UNHEALTHY"


@dataclass(frozen=True, slots=True)
class Part:
    """A part as it was found; `seconds` is how long it took to answer."""

    name: str
    status: Status
    message: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Check:
    """How to ask a part, and whether the system can serve without it."""

    ask: Ask
    needed: bool


@dataclass(frozen=True, slots=True)
class Examination:
    """The whole is unhealthy where a needed part is, degraded where another one is. `time` is Unix time."""

    status: Status
    parts: tuple[Part, ...]
    time: float

    def part(self, name: str) -> Part:
        """As it was found; raises KeyError for a part that is not examined."""
        return {part.name: part for part in self.parts}[name]


class Examiner:
    """Asks all parts at once, once for all who want to know within a second."""

    def __init__(self, checks: Mapping[str, Check], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._checks = checks
        self._clock = clock
        self._fresh_until = 0.0
        self._examining: asyncio.Task[Examination] | None = None

    async def examination(self) -> Examination:
        """How everything was a second ago at the most."""
        current = self._examining
        if current is None or (current.done() and self._clock() >= self._fresh_until):
            current = self._examining = asyncio.create_task(self._examine())
        return current.result() if current.done() else await asyncio.shield(current)

    async def _examine(self) -> Examination:
        parts = await asyncio.gather(*(_examined(name, check) for name, check in self._checks.items()))
        worst = max((part.status for part in parts), key=list(Status).index, default=Status.HEALTHY)
        self._fresh_until = self._clock() + FRESH_SECONDS
        return Examination(worst, tuple(parts), time.time())


async def _examined(name: str, check: Check) -> Part:
    begun = time.perf_counter()
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check.ask()
    except Exception as error:
        status = Status.UNHEALTHY if check.needed else Status.DEGRADED
        reason = "no answer in time" if isinstance(error, TimeoutError) else "cannot be reached"
        return Part(name, status, reason, time.perf_counter() - begun)
    return Part(name, Status.HEALTHY, "", time.perf_counter() - begun)
