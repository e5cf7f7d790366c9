"""Answers in the process's own memory."""

import time
from collections import OrderedDict
from collections.abc import Callable

from services.inference.ports import Answered


class MemoryAnswers:
    """The latest answers, up to a bound and for so long."""

    def __init__(self, seconds: float, bound: int = 1000, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._bound, self._clock = seconds, bound, clock
        self._kept: OrderedDict[str, tuple[float, Answered]] = OrderedDict()

    async def get(self, key: str) -> Answered | None:
        until, answer = self._kept.get(key, (0.0, None))
        return answer if until > self._clock() else None

    async def put(self, key: str, answer: Answered) -> None:
        self._kept[key] = (self._clock() + self._seconds, answer)
        self._kept.move_to_end(key)
        if len(self._kept) > self._bound:
            self._kept.popitem(last=False)
