"""Which threads are in use: those that were asked something in of late."""

import time
from collections import OrderedDict
from collections.abc import Callable

WINDOW_SECONDS = 15 * 60.0
# Far more than one process answers in that time; beyond it the oldest are forgotten.
MOST_THREADS = 100_000


class RecentThreads:
    """The threads that this process answered questions of, by their last use."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._used: OrderedDict[str, float] = OrderedDict()

    def use(self, thread: str) -> None:
        self._used[thread] = self._clock()
        self._used.move_to_end(thread)
        if len(self._used) > MOST_THREADS:
            self._used.popitem(last=False)

    @property
    def active(self) -> int:
        """How many were used within the window."""
        since = self._clock() - WINDOW_SECONDS
        while self._used and next(iter(self._used.values())) <= since:
            self._used.popitem(last=False)
        return len(self._used)
