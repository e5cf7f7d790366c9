from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime

from services.threads.adapters.memory.database import MemoryDatabase
from services.threads.model import Asked, CourseKey, DayTally, Mark, State


class MemoryInsights:
    """Tallies in memory."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def mark(self, course: CourseKey) -> Mark:
        return self._database.marks.get(course, Mark())

    async def asked(self, course: CourseKey, after: Mark, until: datetime, limit: int) -> Sequence[Asked]:
        found = sorted(self._asked(course), key=lambda one: (one.ended, one.turn))
        fitting = [one for one in found if (one.ended, one.turn) > (after.ended, after.turn) and one.ended <= until]
        return fitting[:limit]

    async def tallies(self, course: CourseKey, first: date, last: date) -> Sequence[DayTally]:
        counted, stale = self._database.tallies.get(course, ()), self._database.stale
        return [replace(one, stale=(course, one.day) in stale) for one in counted if first <= one.day <= last]

    async def replace(
        self, course: CourseKey, days: Collection[date], tallies: Sequence[DayTally], before: Mark, after: Mark
    ) -> bool:
        if await self.mark(course) != before:
            return False
        others = [one for one in self._database.tallies.get(course, ()) if one.day not in days]
        self._database.tallies[course] = [*others, *tallies]
        self._database.marks[course] = after
        self._database.stale -= {(course, day) for day in days}
        return True

    async def stale(self, limit: int) -> Sequence[tuple[CourseKey, date]]:
        return list(self._database.stale)[:limit]

    async def active(self, since: datetime) -> Sequence[CourseKey]:
        threads = self._database.threads.values()
        return list({CourseKey(one.key.tenant, one.key.course) for one in threads if one.updated >= since})

    def _asked(self, course: CourseKey) -> list[Asked]:
        return [
            Asked(
                turn=turn.id,
                user=row.owner.user,
                text=turn.question.text,
                video_url=turn.question.video_url,
                position=turn.question.position,
                answered=turn.state is State.COMPLETED,
                ended=turn.ended,
            )
            for row in self._database.rows.values()
            if (turn := row.turn) is not None
            and turn.ended is not None
            and (row.owner.tenant, turn.course) == (course.tenant, course.course)
        ]
