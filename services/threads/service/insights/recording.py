"""Keeps tallies true to the turns: each turn is counted once, and what was deleted is counted out."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from kit.errors import Conflict
from services.threads.model import Asked, CourseKey, Mark
from services.threads.ports import InsightStore
from services.threads.service.insights.tallying import tallied

# A turn's row may come to be a moment after the time that it carries; later ones are found by the next roll-up.
SETTLED_AFTER = timedelta(seconds=2)
BATCH = 2000
ATTEMPTS = 10
BATCH_OF_DAYS = 100
LOOK_BACK = timedelta(days=1)

Progress = Callable[[int, str], Awaitable[None]]


class Recording:
    """The work of `record_analytics` and `roll_up_insights`; whatever runs twice counts once."""

    def __init__(self, store: InsightStore, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._store = store
        self._now = now

    async def record(self, course: CourseKey) -> int:
        """Counts the turns since the mark; says how many."""
        counted, until = 0, self._now() - SETTLED_AFTER
        while batch := await self._batch(course, until):
            counted += batch
        return counted

    async def rebuild(self, course: CourseKey, day: date) -> None:
        """Counts a day anew, up to the mark; raises Conflict where others count it all the time."""
        midnight = datetime.combine(day, time.min, UTC)
        for _ in range(ATTEMPTS):
            mark = await self._store.mark(course)
            until = min(mark.ended, midnight + timedelta(days=1) - timedelta(milliseconds=1))
            found = await self._all(course, midnight - timedelta(milliseconds=1), until)
            # Turns may end in the same millisecond; those behind the mark are counted with the next batch.
            asked = [one for one in found if (one.ended, one.turn) <= (mark.ended, mark.turn)]
            if await self._store.replace(course, [day], tallied(asked), mark, replace(mark, edition=mark.edition + 1)):
                return
        raise Conflict("the tallies change too fast", retry_after=5)

    async def refresh(self) -> int:
        """Rebuilds the days that are stale; says how many there were."""
        rebuilt = 0
        while stale := await self._store.stale(BATCH_OF_DAYS):
            for course, day in stale:
                await self.rebuild(course, day)
            rebuilt += len(stale)
        return rebuilt

    async def roll_up(self, progress: Progress) -> int:
        """Catches up with every course of late, and counts its last two days anew; says how many courses."""
        await self.refresh()
        today = self._now().date()
        courses = await self._store.active(self._now() - LOOK_BACK)
        for number, course in enumerate(courses):
            await progress(100 * number // len(courses), f"course {number + 1} of {len(courses)}")
            await self.record(course)
            for day in (today - LOOK_BACK, today):
                await self.rebuild(course, day)
        return len(courses)

    async def _batch(self, course: CourseKey, until: datetime) -> int:
        for _ in range(ATTEMPTS):
            mark = await self._store.mark(course)
            asked = await self._store.asked(course, mark, until, BATCH)
            if not asked:
                return 0
            days = {one.ended.date() for one in asked}
            known = [one for one in await self._store.tallies(course, min(days), max(days)) if one.day in days]
            if stale := {one.day for one in known if one.stale}:
                await self.rebuild(course, min(stale))
                continue
            after = Mark(asked[-1].ended, asked[-1].turn, mark.edition + 1)
            if await self._store.replace(course, days, tallied(asked, known), mark, after):
                return len(asked)
        raise Conflict("the tallies change too fast", retry_after=5)

    async def _all(self, course: CourseKey, after: datetime, until: datetime) -> list[Asked]:
        found: list[Asked] = []
        mark = Mark(after, "\uffff")
        while batch := await self._store.asked(course, mark, until, BATCH):
            found += batch
            mark = Mark(batch[-1].ended, batch[-1].turn)
        return found
