"""What the context service needs of the outside, in its own terms."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from kit.auth.caller import Caller
from services.context.model import (
    Course,
    CourseChanges,
    CourseKey,
    CoursePosition,
    Cue,
    Head,
    Lecture,
    Unembedded,
    Vector,
    Video,
    VideoContext,
    VideoPosition,
)


class CourseStore(Protocol):
    """Courses of all tenants. Every change but `touch` raises the revision."""

    async def create(self, course: Course) -> bool:
        """Whether it was created; False where the id is taken."""
        ...

    async def find(self, key: CourseKey) -> Course | None: ...

    async def page(self, tenant: str, viewer: str | None, after: CoursePosition | None, limit: int) -> Sequence[Course]:
        """By title; those that `viewer` may see, or all for None."""
        ...

    async def change(self, key: CourseKey, changes: CourseChanges, now: datetime) -> Course | None: ...

    async def add_member(self, key: CourseKey, user: str, now: datetime) -> Course | None: ...

    async def remove_member(self, key: CourseKey, user: str, now: datetime) -> Course | None: ...

    async def memberships(self, tenant: str, user: str) -> Sequence[CourseKey]:
        """The courses that the user is a member of."""
        ...

    async def delete(self, key: CourseKey) -> bool:
        """Removes the course and everything that hangs on it; whether it was there."""
        ...

    async def touch(self, key: CourseKey) -> bool:
        """Tells every instance to build the course's knowledge anew; whether the course is there."""
        ...


class VideoStore(Protocol):
    """Videos with their cues and passages. Readers see an import as a whole or not at all."""

    async def put(self, key: CourseKey, lecture: Lecture, now: datetime) -> Head | None:
        """Adds or replaces the video: the course with that one video, or None where there is no such course."""
        ...

    async def find(self, key: CourseKey, video: str) -> Video | None: ...

    async def page(self, key: CourseKey, after: VideoPosition | None, limit: int) -> Sequence[Video]:
        """In the order of their first import."""
        ...

    async def delete(self, key: CourseKey, video: str, now: datetime) -> Course | None:
        """The course as it is without the video; None where there was none."""
        ...

    async def cues(self, key: CourseKey, video: Video) -> tuple[Cue, ...] | None:
        """The transcript; None where the video has been imported again meanwhile."""
        ...

    async def head(self, key: CourseKey) -> Head | None: ...

    async def contexts(self, key: CourseKey, videos: Sequence[Video]) -> Sequence[VideoContext] | None:
        """Their passages and vectors; None where one of the videos has been imported again meanwhile."""
        ...


class VectorStore(Protocol):
    """The vectors of stored passages."""

    async def lacking(self, model: str, limit: int) -> Sequence[CourseKey]:
        """Courses with passages that have no vector of the model."""
        ...

    async def unembedded(self, key: CourseKey, model: str, limit: int) -> Sequence[Unembedded]: ...

    async def keep(self, key: CourseKey, vectors: Mapping[tuple[str, int], Vector]) -> None:
        """Stores vectors by edition and position; passages that are gone are passed over."""
        ...

    def claim(self, key: CourseKey, seconds: float) -> AbstractAsyncContextManager[bool]:
        """Whether this process may embed the course now, for so long or until it leaves."""
        ...


class ContextCache(Protocol):
    """Built contexts, shared by the instances. An entry belongs to one version of its course."""

    async def get(self, course: Course, videos: Sequence[Video]) -> Mapping[str, VideoContext]:
        """Those that are there, by the ids of their videos."""
        ...

    async def put(self, course: Course, contexts: Sequence[VideoContext], seconds: float) -> None: ...

    async def clear(self, key: CourseKey) -> int:
        """Throws all versions away; how many entries there were."""
        ...

    def building(self, course: Course) -> AbstractAsyncContextManager[bool]:
        """Whether the caller is the one, of all instances, that builds this version now."""
        ...


class ChangeFeed(Protocol):
    """Tells of every change of a course, whichever instance made it."""

    @property
    def current(self) -> bool:
        """Whether everything older than a second has been told."""
        ...

    def subscribe(self, changed: Callable[[CourseKey], None], lost: Callable[[], None]) -> None:
        """`changed` is called with each course; `lost` where changes may have been missed."""
        ...


@dataclass(frozen=True, slots=True)
class Embedded:
    """Texts as vectors of one model, in their order."""

    model: str
    vectors: tuple[bytes, ...]


class Embedder(Protocol):
    """Turns texts into vectors."""

    async def embed(self, caller: Caller, texts: Sequence[str], course: CourseKey, *, query: bool) -> Embedded: ...


class VectorIndex(Protocol):
    """The vectors of a course at one version, made by one model."""

    async def nearest(self, query: Vector, limit: int, within: range | None = None) -> Sequence[int]:
        """The rows that are nearest to the query, best first; none for a query of another model."""
        ...


class VectorIndexes(Protocol):
    """Where courses' vectors are searched."""

    async def open(self, course: Course, contexts: Sequence[VideoContext]) -> VectorIndex:
        """An index of these contexts; a row is a passage, counted through all of them."""
        ...

    async def drop(self, key: CourseKey) -> None:
        """Forgets a course that was deleted."""
        ...


class PopularityStore(Protocol):
    """How often courses are asked about."""

    async def add(self, counts: Mapping[CourseKey, int]) -> None: ...

    async def top(self, tenant: str, limit: int) -> Sequence[str]:
        """The ids of the courses that are asked about most."""
        ...
