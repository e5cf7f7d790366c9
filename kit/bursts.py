"""Groups for calls that come in bursts."""

import asyncio
import time
from typing import TypeVar

from kit.group_commit import GroupCommit

T = TypeVar("T")
R = TypeVar("R")

# With each call that waits the next one is worth waiting for so much longer, up to so many calls.
SECONDS_EACH = 0.001
MOST_THAT_COUNT = 10
# Nobody waits longer for those that follow.
LONGEST_SECONDS = 0.03


class BurstCommit(GroupCommit[T, R]):
    """While several calls wait and more of them come, it waits for those; a call by itself goes at once.

    In a burst all that a process takes comes before the last answer, and it is many processes that share the
    processors: each is told of a few calls at a time, which without this were a group each.
    """

    async def _gather(self) -> None:
        await super()._gather()
        until, known = time.monotonic() + LONGEST_SECONDS, 1
        while known < len(self._waiting) < self._most and time.monotonic() < until:
            known = len(self._waiting)
            await asyncio.sleep(min(known, MOST_THAT_COUNT) * SECONDS_EACH)
