"""Time limits by one timer for them all: most blocks end long before, and then nothing was scheduled for them."""

from __future__ import annotations

import asyncio
from types import TracebackType
from weakref import WeakKeyDictionary

# Timers are rounded to milliseconds, and may ring so much early.
ROUNDED = 0.001


def within(seconds: float) -> Limit:
    """Ends what the block waits for after so many seconds, as `asyncio.timeout` does."""
    return Limit(asyncio.get_running_loop().time() + seconds)


class Limit:
    """Ends what the block waits for at `when`, by the loop's clock, as `asyncio.timeout_at` does: by TimeoutError."""

    __slots__ = ("_cancelling", "_clock", "_task", "expired", "when")

    def __init__(self, when: float) -> None:
        self.when = when
        self.expired = False

    def __enter__(self) -> Limit:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine always runs in a task
        self._task, self._cancelling = task, task.cancelling()
        self._clock = _clock_of(task.get_loop())
        self._clock.add(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._clock.discard(self)
        if self.expired and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def expire(self) -> None:
        self.expired = True
        self._task.cancel()


class _Clock:
    """The limits of a loop, and its timer: set for the earliest of them, and moved only where a sooner one comes."""

    def __init__(self) -> None:
        self._limits: set[Limit] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._due = float("inf")

    def add(self, limit: Limit) -> None:
        self._limits.add(limit)
        if limit.when < self._due:
            self._set(limit.when)

    def discard(self, limit: Limit) -> None:
        self._limits.discard(limit)

    def _set(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._due, self._timer = due, asyncio.get_running_loop().call_at(due, self._ring)

    def _ring(self) -> None:
        self._timer, self._due = None, float("inf")
        now = asyncio.get_running_loop().time() + ROUNDED
        for limit in [limit for limit in self._limits if limit.when <= now]:
            self._limits.discard(limit)
            limit.expire()
        if self._limits:
            self._set(min(limit.when for limit in self._limits))


_clocks: WeakKeyDictionary[asyncio.AbstractEventLoop, _Clock] = WeakKeyDictionary()


def _clock_of(loop: asyncio.AbstractEventLoop) -> _Clock:
    clock = _clocks.get(loop)
    if clock is None:
        clock = _clocks[loop] = _Clock()
    return clock
