"""How often users and tenants may call."""

from collections.abc import Awaitable
from typing import Any

from kit.auth.caller import Caller
from kit.call import Call
from kit.interceptors.pipeline import Proceed
from kit.limits.turnstile import Turnstile


class CallLimits:
    """Refuses what comes too often; calls without a caller are open to all, and bounded at the edge."""

    def __init__(self, turnstile: Turnstile) -> None:
        self._turnstile = turnstile

    def __call__(self, call: Call, proceed: Proceed) -> Awaitable[Any]:
        if call.caller is None or call.caller.service:
            return proceed()  # between services: whoever asked for it was counted before
        return self._admitted(call.caller, proceed)

    async def _admitted(self, caller: Caller, proceed: Proceed) -> Any:
        await self._turnstile.admit(caller)
        return await proceed()
