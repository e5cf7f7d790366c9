"""What the leading dispatcher sees to: each chore knows when it must look again, and which signals hurry it."""

import math
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

from kit.jobs.dispatcher.governor import Governor
from kit.jobs.dispatcher.releases import Releases
from kit.jobs.dispatcher.schedules import Schedules
from kit.jobs.ports import Signal, Topic
from kit.jobs.webhooks.announcing import EVERY_SECONDS, Announcing

NEVER = math.inf
MINUTE = 60.0
# MongoDB's times are in whole milliseconds.
AFTER_DUE = timedelta(milliseconds=2)

log = structlog.get_logger()


class Chore(Protocol):
    """May be done again at any time, and by two dispatchers at once."""

    def begin(self) -> None:
        """The lead is new: what was known may no longer be so."""

    def heard(self, signal: Signal) -> float:
        """In how many seconds the signal wants the chore to be done; NEVER if it is none of its business."""

    async def do(self) -> float:
        """Does what there is to do; says in how many seconds to come again at the latest."""


class Rooms:
    """Keeps rules right and the waiting room complete. A room that was flushed is filled before it opens."""

    def __init__(self, governor: Governor, releases: Releases, *, tick: float, audit: float, sweep: float) -> None:
        """While jobs wait or providers are away it looks each `tick`; else it counts on signals."""
        self._governor, self._releases = governor, releases
        self._tick, self._audit, self._sweep = tick, audit, sweep
        self.begin()

    def begin(self) -> None:
        self._governor.forget()
        self._filled = self._complete = self._ruled = -math.inf

    def heard(self, signal: Signal) -> float:
        if signal.topic is Topic.WAITING:
            self._governor.expect(signal.queue)
        elif signal.topic is Topic.EVERYTHING:
            self._filled = -math.inf
        elif signal.topic is not Topic.RULES:
            return NEVER
        if signal.topic is not Topic.WAITING:
            self._ruled = -math.inf
        return 0.0

    async def do(self) -> float:
        now = time.monotonic()
        if await self._governor.flushed() or now - self._filled > self._sweep:
            self._report(await self._releases.audit())
            self._governor.recount()
            self._filled = self._complete = now
            self._ruled = -math.inf
        elif now - self._complete >= self._audit:
            self._report(await self._releases.complete())
            self._complete = now
        if self._governor.unsteady or now - self._ruled >= self._sweep:
            await self._governor.govern()
            self._ruled = now
        await self._governor.pump()
        return self._tick if self._governor.waiting or self._governor.unsteady else self._audit

    @staticmethod
    def _report(missing: int) -> None:
        if missing:
            log.info("room_completed", jobs=missing)


class Advancing:
    """Is there when a job is due or a lease runs out. Without a signal neither comes within `look` seconds."""

    def __init__(self, releases: Releases, *, tick: float, look: float) -> None:
        """`look` is at most the lease of jobs and the patience with those that were asked to stop."""
        self._releases = releases
        self._tick, self._look = tick, look

    def begin(self) -> None:
        """Everything it knows it asks the database."""

    def heard(self, signal: Signal) -> float:
        if signal.due is not None:
            return _until(signal.due)
        return 0.0 if signal.topic is Topic.EVERYTHING else NEVER

    async def do(self) -> float:
        change = await self._releases.next_change()
        if change is not None and change <= datetime.now(UTC):
            await self._releases.advance()
            change = await self._releases.next_change()
        if change is None:
            return self._look
        # What is over by this clock may not be by the database's.
        return min(max(_until(change), self._tick if change <= datetime.now(UTC) else 0.0), self._look)


class Scheduling:
    """Schedules mean minutes, so they are looked at as each begins."""

    def __init__(self, schedules: Schedules) -> None:
        self._schedules = schedules

    def begin(self) -> None:
        """The marks in the database say what was submitted."""

    def heard(self, signal: Signal) -> float:
        return NEVER

    async def do(self) -> float:
        await self._schedules.fire()
        return MINUTE - time.time() % MINUTE


class Telling:
    """Tells webhooks of ends: at once, and for as long as there may be more of which no signal comes."""

    def __init__(self, announcing: Announcing, *, sweep: float) -> None:
        self._announcing = announcing
        self._sweep = sweep
        self._until = -math.inf
        self._done = -math.inf

    def begin(self) -> None:
        """The mark in the database says what was told."""

    def heard(self, signal: Signal) -> float:
        if signal.topic not in (Topic.ENDED, Topic.EVERYTHING):
            return NEVER
        now = time.monotonic()
        self._until = now + 2 * EVERY_SECONDS
        return max(0.0, self._done + EVERY_SECONDS - now)

    async def do(self) -> float:
        await self._announcing.announce()
        self._done = time.monotonic()
        return EVERY_SECONDS if self._done < self._until else self._sweep


def _until(time_of_change: datetime) -> float:
    return (time_of_change + AFTER_DUE - datetime.now(UTC)).total_seconds()
