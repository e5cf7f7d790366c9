"""Builds what is going to be asked for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kit.auth.caller import Caller, Role
from kit.errors import NotFound
from services.context.model import CourseKey
from services.context.service.grounding import Grounding
from services.context.service.popularity import Popularity

MOST_COURSES = 100


@dataclass(frozen=True, slots=True)
class Preloaded:
    """The courses that are at hand now, and how many videos they have."""

    courses: Sequence[CourseKey]
    videos: int


class Preloading:
    def __init__(self, grounding: Grounding, popularity: Popularity) -> None:
        self._grounding = grounding
        self._popularity = popularity

    async def course(self, caller: Caller, course: str) -> Preloaded:
        knowledge = await self._grounding.knowledge(caller, course)
        return Preloaded([knowledge.course.key], len(knowledge.videos))

    async def popular(self, caller: Caller, limit: int) -> Preloaded:
        """The courses that the tenant asks about most; those that are gone meanwhile are passed over."""
        return await self._all(await self._popularity.top(caller.tenant, limit))

    async def everywhere(self) -> Preloaded:
        """The courses that are asked about most, whichever tenant's."""
        return await self._all(await self._popularity.busiest(MOST_COURSES))

    async def _all(self, keys: Iterable[CourseKey]) -> Preloaded:
        courses, videos = list[CourseKey](), 0
        for key in keys:
            try:
                preloaded = await self.course(_on_behalf_of(key.tenant), key.course)
            except NotFound:
                continue
            courses.append(key)
            videos += preloaded.videos
        return Preloaded(courses, videos)


def _on_behalf_of(tenant: str) -> Caller:
    return Caller(tenant, "lectern-context", frozenset({Role.TEACHER}))
