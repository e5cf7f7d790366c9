"""Every call ends: at the caller's deadline, or at the server's where the caller set none."""

import time
from typing import Any

from kit.call import Call
from kit.errors import DeadlineExceeded
from kit.interceptors.pipeline import Proceed
from kit.timeouts import within


class Deadlines:
    """Gives calls without a deadline the server's default; streams that only watch are left open-ended."""

    def __init__(self, default: float, open_ended: frozenset[str]) -> None:
        """`default` is in seconds; `open_ended` names methods by their paths."""
        self._default = default
        self._open_ended = open_ended

    async def __call__(self, call: Call, proceed: Proceed) -> Any:
        if call.deadline is None and call.method not in self._open_ended:
            call.deadline = time.monotonic() + self._default
        left = call.remaining()
        if left is None:
            return await proceed()
        limit = within(left)
        try:
            with limit:
                return await proceed()
        except TimeoutError as error:
            if limit.expired:
                raise DeadlineExceeded("the call's deadline passed") from error
            raise
