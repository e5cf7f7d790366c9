"""Streams that would never end by themselves end when their instance leaves, so that it need not wait for them."""

import asyncio
from collections.abc import Awaitable
from typing import Any

from kit.call import Call
from kit.errors import Reason, Unavailable
from kit.interceptors.pipeline import Proceed


class Departures:
    """Ends open-ended calls as SHUTTING_DOWN once the server says that it leaves; their clients watch on elsewhere."""

    def __init__(self, open_ended: frozenset[str]) -> None:
        """`open_ended` names methods by their paths."""
        self._open_ended = open_ended
        self._limits: set[asyncio.Timeout] = set()
        self._leaving = False

    def __call__(self, call: Call, proceed: Proceed) -> Awaitable[Any]:
        return self._bounded(proceed) if call.method in self._open_ended else proceed()

    async def _bounded(self, proceed: Proceed) -> Any:
        limit = asyncio.timeout(0 if self._leaving else None)
        self._limits.add(limit)
        try:
            async with limit:
                return await proceed()
        except TimeoutError as error:
            if limit.expired():
                leaving = "this instance leaves; another one goes on"
                raise Unavailable(leaving, Reason.SHUTTING_DOWN, retry_after=0) from error
            raise
        finally:
            self._limits.discard(limit)

    def leave(self) -> None:
        """Ends what is open, and whatever of the kind still comes."""
        self._leaving = True
        for limit in self._limits:
            limit.reschedule(asyncio.get_running_loop().time())
