"""Insights into a course, for its teachers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from kit.auth.caller import Caller
from kit.errors import InvalidArgument
from services.threads.model import BEGINNING, CourseKey, Tally
from services.threads.ports import Courses, InsightStore
from services.threads.service.insights.tallying import merged

USUAL_DAYS = 30
MOST_DAYS = 366
MOST_VIDEOS = 100
MOST_TOPICS = 20


@dataclass(frozen=True, slots=True)
class Insights:
    """The whole course, its videos and its topics (a word and how many questions have it), most questions first."""

    course: str
    total: Tally
    videos: Sequence[tuple[str, Tally]]
    topics: Sequence[tuple[str, int]]
    updated: datetime | None


class InsightReading:
    """Adds the tallies of days up."""

    def __init__(self, store: InsightStore, courses: Courses) -> None:
        self._store = store
        self._courses = courses

    async def of(self, caller: Caller, course: str, first: date | None, last: date | None) -> Insights:
        """Insights into those days, both included; raises NotFound for a course that the caller can't see."""
        last = last or datetime.now(UTC).date()
        first = first or last - timedelta(days=USUAL_DAYS)
        if not timedelta(0) <= last - first < timedelta(days=MOST_DAYS):
            raise InvalidArgument(f"start_time and end_time must span 1 to {MOST_DAYS} days", field="start_time")
        await self._courses.check(caller, course)
        key = CourseKey(caller.tenant, course)
        mark = await self._store.mark(key)
        by_video: dict[str, list[Tally]] = {}
        for one in await self._store.tallies(key, first, last):
            by_video.setdefault(one.video_url, []).append(one.tally)
        videos = {video: merged(tallies) for video, tallies in by_video.items()}
        total = merged(list(videos.values()))
        ranked = sorted(videos.items(), key=lambda item: (-item[1].questions, item[0]))
        topics = sorted(total.topics.values(), key=lambda topic: (-topic[1], topic[0]))
        updated = None if mark.ended == BEGINNING else mark.ended
        return Insights(course, total, ranked[:MOST_VIDEOS], topics[:MOST_TOPICS], updated)
