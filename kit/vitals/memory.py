import time
from collections.abc import Callable, Sequence

from kit.vitals.ports import Vitals


class MemoryVitals:
    """The board of a single process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._posted: dict[str, tuple[float, Vitals]] = {}

    async def post(self, vitals: Vitals, seconds: float) -> None:
        self._posted[vitals.instance] = (self._clock() + seconds, vitals)

    async def read(self) -> Sequence[Vitals]:
        alive = [vitals for until, vitals in self._posted.values() if until > self._clock()]
        return sorted(alive, key=lambda vitals: (vitals.service, vitals.instance))
