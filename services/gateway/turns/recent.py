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
        now = self._clock()
        self._used[thread] = now
        self._used.move_to_end(thread)
        while len(self._used) > MOST_THREADS or next(iter(self._used.values())) <= now - WINDOW_SECONDS:
            self._used.popitem(last=False)

    @property
    def active(self) -> int:
        """How many were used within the window; asked from the thread that serves metrics, so it changes nothing."""
        since = self._clock() - WINDOW_SECONDS
        # In one step, for the loop goes on using threads meanwhile.
        return sum(used > since for used in list(self._used.values()))
