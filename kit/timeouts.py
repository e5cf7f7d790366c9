"""Time limits by one timer for them all: most blocks end long before, and then nothing was scheduled for them."""

from __future__ import annotations

import asyncio
import math
import threading
from types import TracebackType

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
        self._clock = clock = _clock_of(task.get_loop())
        clock.limits.add(self)
        if self.when < clock.due:
            clock.set(self.when)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._clock.limits.discard(self)
        if self.expired and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def expire(self) -> None:
        self.expired = True
        self._task.cancel()


class _Clock:
    """The limits of a loop, and its timer: set for the earliest of them, and moved only where a sooner one comes."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.limits: set[Limit] = set()
        self.due = math.inf
        self._timer: asyncio.TimerHandle | None = None

    def set(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self.due, self._timer = due, self.loop.call_at(due, self._ring)

    def _ring(self) -> None:
        self.due, self._timer = math.inf, None
        now = self.loop.time() + ROUNDED
        for limit in sorted((limit for limit in self.limits if limit.when <= now), key=lambda limit: limit.when):
            self.limits.discard(limit)
            limit.expire()
        if self.limits:
            self.set(min(limit.when for limit in self.limits))


class _Here(threading.local):
    clock: _Clock | None = None


_here = _Here()


def _clock_of(loop: asyncio.AbstractEventLoop) -> _Clock:
    """That of the loop which runs in this thread."""
    clock = _here.clock
    if clock is None or clock.loop is not loop:
        clock = _here.clock = _Clock(loop)
    return clock
