"""How often users and tenants may call."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kit.call import Call
from kit.limits.turnstile import Turnstile


class CallLimits:
    """Refuses what comes too often; calls without a caller are open to all, and bounded at the edge."""

    def __init__(self, turnstile: Turnstile) -> None:
        self._turnstile = turnstile

    @asynccontextmanager
    async def __call__(self, call: Call) -> AsyncIterator[None]:
        if call.caller is not None:
            await self._turnstile.admit(call.caller)
        yield
