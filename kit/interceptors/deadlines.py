"""Every call ends: at the caller's deadline, or at the server's where the caller set none."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kit.call import Call
from kit.errors import DeadlineExceeded


class Deadlines:
    """Gives calls without a deadline the server's default; streams that only watch are left open-ended."""

    def __init__(self, default: float, open_ended: frozenset[str]) -> None:
        """`default` is in seconds; `open_ended` names methods by their paths."""
        self._default = default
        self._open_ended = open_ended

    @asynccontextmanager
    async def __call__(self, call: Call) -> AsyncIterator[None]:
        if call.deadline is None and call.method not in self._open_ended:
            call.deadline = time.monotonic() + self._default
        limit = asyncio.timeout(call.remaining())
        try:
            async with limit:
                yield
        except TimeoutError as error:
            if limit.expired():
                raise DeadlineExceeded("the call's deadline passed") from error
            raise
