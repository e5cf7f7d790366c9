import time
from collections import OrderedDict
from collections.abc import Callable

from kit.limits.ports import Taken

MINUTE = 60.0
MOST_BUCKETS = 50_000


class MemoryPermits:
    """Of one process: the approximation while Redis is away."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def take(self, bucket: str, per_minute: int, wanted: int) -> Taken:
        now = self._clock()
        level, at = self._levels.pop(bucket, (float(per_minute), now))
        level = min(float(per_minute), level + (now - at) * per_minute / MINUTE)
        permits = min(wanted, int(level))
        self._levels[bucket] = (level - permits, now)
        if len(self._levels) > MOST_BUCKETS:
            self._levels.popitem(last=False)
        return Taken(permits, 0.0 if permits else (1 - level) * MINUTE / per_minute)
