"""How often users and tenants may call."""

from typing import Any

from kit.call import Call
from kit.interceptors.pipeline import Proceed
from kit.limits.turnstile import Turnstile


class CallLimits:
    """Refuses what comes too often; calls without a caller are open to all, and bounded at the edge."""

    def __init__(self, turnstile: Turnstile) -> None:
        self._turnstile = turnstile

    async def __call__(self, call: Call, proceed: Proceed) -> Any:
        if call.caller is not None:
            await self._turnstile.admit(call.caller)
        return await proceed()
