"""What is known of the call that is being served."""

import time
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass

from kit.auth.caller import Caller
from kit.errors import Unauthenticated


@dataclass(slots=True)
class Call:
    """One RPC on its way through the interceptors, which fill it in. `granted` is the time that its caller gave it."""

    method: str
    metadata: Mapping[str, str]
    deadline: float | None
    granted: float | None = None
    request_id: str = ""
    caller: Caller | None = None
    status: str = "OK"

    def remaining(self) -> float | None:
        """Seconds left until the deadline; None without one."""
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())


CURRENT: ContextVar[Call | None] = ContextVar("lectern_call", default=None)


def current_call() -> Call | None:
    return CURRENT.get()


def current_caller() -> Caller:
    """Who calls; raises Unauthenticated outside a call and in open ones."""
    call = CURRENT.get()
    if call is None or call.caller is None:
        raise Unauthenticated("a bearer token is required")
    return call.caller
