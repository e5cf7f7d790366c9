"""Tallies of courses, and the turns that they are made from."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Protocol

from services.threads.model import Asked, CourseKey, DayTally, Mark


class InsightStore(Protocol):
    """Deleting a thread makes the days of its turns stale, in the same step."""

    async def mark(self, course: CourseKey) -> Mark: ...

    async def asked(self, course: CourseKey, after: Mark, until: datetime, limit: int) -> Sequence[Asked]:
        """Turns that ended after the mark, and until then, in that order."""

    async def tallies(self, course: CourseKey, first: date, last: date) -> Sequence[DayTally]:
        """Of those days, both included."""

    async def replace(
        self, course: CourseKey, days: Collection[date], tallies: Sequence[DayTally], before: Mark, after: Mark
    ) -> bool:
        """Puts these tallies in the place of those of the days, which are fresh then; False where `before` is over."""

    async def stale(self, limit: int) -> Sequence[tuple[CourseKey, date]]:
        """Days whose tallies count what is deleted by now."""

    async def active(self, since: datetime) -> Sequence[CourseKey]:
        """Courses in which something was asked since then."""
