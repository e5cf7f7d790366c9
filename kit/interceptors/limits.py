"""How often users and tenants may call."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from kit.auth.caller import Caller
from kit.call import Call
from kit.interceptors.pipeline import Proceed
from kit.limits.turnstile import Turnstile

# What is around letting a call in, by its path: some services count whom they turn away.
Admitting = Mapping[str, Callable[[], AbstractContextManager[None]]]


class CallLimits:
    """Refuses what comes too often; calls without a caller are open to all, and bounded at the edge."""

    def __init__(self, turnstile: Turnstile, admitting: Admitting) -> None:
        self._turnstile = turnstile
        self._admitting = admitting

    def __call__(self, call: Call, proceed: Proceed) -> Awaitable[Any]:
        if call.caller is None or call.caller.service:
            return proceed()  # between services: whoever asked for it was counted before
        return self._admitted(call.method, call.caller, proceed)

    async def _admitted(self, method: str, caller: Caller, proceed: Proceed) -> Any:
        with self._admitting.get(method, nullcontext)():
            await self._turnstile.admit(caller)
        return await proceed()
