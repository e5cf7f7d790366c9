"""Each part that the system leans on, asked at once and answered within a second."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

CHECK_SECONDS = 1.0

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


async def examine(checks: Mapping[str, Check]) -> tuple[Status, list[Part]]:
    """The whole is unhealthy where a needed part is, degraded where another one is."""
    parts = await asyncio.gather(*(_examined(name, check) for name, check in checks.items()))
    worst = max((part.status for part in parts), key=list(Status).index, default=Status.HEALTHY)
    return worst, list(parts)


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
