"""What a turn can't do without is tried for as long as its reader may wait."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import stamina

from kit.errors import DeadlineExceeded, Unavailable

T = TypeVar("T")
SECONDS = 20.0


async def durably(call: Callable[[], Awaitable[T]]) -> T:
    """Repeats a repeatable call while its service or database is away, for twenty seconds at the most."""
    try:
        return await call()
    except (Unavailable, DeadlineExceeded):
        return await _again(call)


async def _again(call: Callable[[], Awaitable[T]]) -> T:
    async for attempt in stamina.retry_context(
        on=(Unavailable, DeadlineExceeded), attempts=None, timeout=SECONDS, wait_initial=0.1, wait_max=2.0
    ):
        with attempt:
            return await call()
    raise AssertionError("the retry loop returns or raises")
