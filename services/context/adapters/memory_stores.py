"""The stores in memory, for tests and for trying things out."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.context.model import (
    Course,
    CourseChanges,
    CourseKey,
    CoursePosition,
    Cue,
    Document,
    Head,
    Lecture,
    Passage,
    Reading,
    Unembedded,
    Vector,
    Video,
    VideoPosition,
    sort_key,
)


@dataclass
class Shelves:
    """What the stores share, and who is told of changes."""

    courses: dict[CourseKey, Course] = field(default_factory=dict)
    lectures: dict[tuple[CourseKey, str], Lecture] = field(default_factory=dict)
    documents: dict[tuple[CourseKey, str], Document] = field(default_factory=dict)
    readings: dict[str, Reading] = field(default_factory=dict)
    vectors: dict[tuple[CourseKey, str, int], Vector] = field(default_factory=dict)
    listeners: list[Callable[[CourseKey], None]] = field(default_factory=list)

    def save(self, course: Course, now: datetime) -> Course:
        """Keeps the course under its next revision."""
        changed = replace(course, revision=course.revision + 1, updated=now)
        self.courses[course.key] = changed
        self.tell(course.key)
        return changed

    def tell(self, key: CourseKey) -> None:
        for listener in self.listeners:
            listener(key)

    def lectures_of(self, key: CourseKey) -> list[Lecture]:
        lectures = [lecture for (owner, _), lecture in self.lectures.items() if owner == key]
        return sorted(lectures, key=lambda lecture: (lecture.video.created, lecture.video.id))

    def documents_of(self, key: CourseKey) -> list[Document]:
        documents = [document for (owner, _), document in self.documents.items() if owner == key]
        return sorted(documents, key=lambda document: (document.created, document.id))

    def passages_of(self, key: CourseKey) -> dict[str, tuple[Passage, ...]]:
        """By edition, those of videos first."""
        spoken = {lecture.video.edition: lecture.passages for lecture in self.lectures_of(key)}
        return spoken | {
            each.edition: self.readings[each.edition].passages for each in self.documents_of(key) if each.edition
        }


class MemoryCourses:
    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves

    async def create(self, course: Course) -> bool:
        if course.key in self._shelves.courses:
            return False
        self._shelves.courses[course.key] = course
        self._shelves.tell(course.key)
        return True

    async def find(self, key: CourseKey) -> Course | None:
        return self._shelves.courses.get(key)

    async def page(self, tenant: str, viewer: str | None, after: CoursePosition | None, limit: int) -> Sequence[Course]:
        visible = [
            course
            for course in self._shelves.courses.values()
            if course.key.tenant == tenant and course.visible_to(viewer or "", teacher=viewer is None)
        ]
        visible.sort(key=_place)
        return [course for course in visible if after is None or _place(course) > (after.order, after.course)][:limit]

    async def change(self, key: CourseKey, changes: CourseChanges, now: datetime) -> Course | None:
        course = self._shelves.courses.get(key)
        if course is None:
            return None
        return self._shelves.save(_applied(course, changes), now)

    async def add_member(self, key: CourseKey, user: str, now: datetime) -> Course | None:
        course = self._shelves.courses.get(key)
        return course and self._shelves.save(replace(course, members=course.members | {user}), now)

    async def remove_member(self, key: CourseKey, user: str, now: datetime) -> Course | None:
        course = self._shelves.courses.get(key)
        return course and self._shelves.save(replace(course, members=course.members - {user}), now)

    async def memberships(self, tenant: str, user: str) -> Sequence[CourseKey]:
        courses = self._shelves.courses.values()
        return [course.key for course in courses if course.key.tenant == tenant and user in course.members]

    async def delete(self, key: CourseKey) -> bool:
        found = self._shelves.courses.pop(key, None)
        for kind in (self._shelves.lectures, self._shelves.documents):
            for place in [place for place in kind if place[0] == key]:
                kind.pop(place)
        self._shelves.tell(key)
        return found is not None

    async def touch(self, key: CourseKey) -> bool:
        self._shelves.tell(key)
        return key in self._shelves.courses


class MemoryVideos:
    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves

    async def put(self, key: CourseKey, lecture: Lecture, now: datetime) -> Head | None:
        course = self._shelves.courses.get(key)
        if course is None:
            return None
        before = self._shelves.lectures.get((key, lecture.video.id))
        created = before.video.created if before else now
        stored = replace(lecture, video=replace(lecture.video, created=created, updated=now))
        self._shelves.lectures[key, lecture.video.id] = stored
        count = course.video_count + (before is None)
        return Head(self._shelves.save(replace(course, video_count=count), now), (stored.video,))

    async def find(self, key: CourseKey, video: str) -> Video | None:
        lecture = self._shelves.lectures.get((key, video))
        return lecture.video if lecture else None

    async def page(self, key: CourseKey, after: VideoPosition | None, limit: int) -> Sequence[Video]:
        videos = [lecture.video for lecture in self._shelves.lectures_of(key)]
        return [video for video in videos if after is None or (video.created, video.id) > (after.created, after.video)][
            :limit
        ]

    async def delete(self, key: CourseKey, video: str, now: datetime) -> Course | None:
        course = self._shelves.courses.get(key)
        if course is None or self._shelves.lectures.pop((key, video), None) is None:
            return None
        return self._shelves.save(replace(course, video_count=course.video_count - 1), now)

    async def cues(self, key: CourseKey, video: Video) -> tuple[Cue, ...] | None:
        lecture = self._shelves.lectures.get((key, video.id))
        return lecture.cues if lecture and lecture.video.edition == video.edition else None


class MemoryVectors:
    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves
        self._claimed: set[CourseKey] = set()

    async def lacking(self, model: str, limit: int) -> Sequence[CourseKey]:
        return [key for key in self._shelves.courses if await self.unembedded(key, model, 1)][:limit]

    async def unembedded(self, key: CourseKey, model: str, limit: int) -> Sequence[Unembedded]:
        return [
            Unembedded(edition, position, passage.text)
            for edition, passages in self._shelves.passages_of(key).items()
            for position, passage in enumerate(passages)
            if self._model_at(key, edition, position) != model
        ][:limit]

    async def keep(self, key: CourseKey, vectors: Mapping[tuple[str, int], Vector]) -> None:
        editions = self._shelves.passages_of(key)
        for (edition, position), vector in vectors.items():
            if edition in editions:
                self._shelves.vectors[key, edition, position] = vector

    @asynccontextmanager
    async def claim(self, key: CourseKey, seconds: float) -> AsyncIterator[bool]:
        mine = key not in self._claimed
        self._claimed.add(key)
        try:
            yield mine
        finally:
            if mine:
                self._claimed.discard(key)

    def _model_at(self, key: CourseKey, edition: str, position: int) -> str:
        vector = self._shelves.vectors.get((key, edition, position))
        return vector.model if vector else ""


class MemoryPopularity:
    def __init__(self) -> None:
        self._counts: Counter[CourseKey] = Counter()

    async def add(self, counts: Mapping[CourseKey, int]) -> None:
        self._counts.update(counts)

    async def top(self, tenant: str, limit: int) -> Sequence[str]:
        ranked = sorted(self._counts.items(), key=lambda item: (-item[1], item[0].course))
        return [key.course for key, _ in ranked if key.tenant == tenant][:limit]

    async def busiest(self, limit: int) -> Sequence[CourseKey]:
        return [key for key, _ in self._counts.most_common(limit)]


class MemoryFeed:
    """Changes as the stores in memory make them."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves
        self.current = True

    def subscribe(self, changed: Callable[[CourseKey], None], lost: Callable[[], None]) -> None:
        self._shelves.listeners.append(changed)


def _place(course: Course) -> tuple[str, str]:
    return sort_key(course.title), course.key.course


def _applied(course: Course, changes: CourseChanges) -> Course:
    return replace(
        course,
        title=course.title if changes.title is None else changes.title,
        description=course.description if changes.description is None else changes.description,
        visibility=changes.visibility or course.visibility,
        policy=changes.policy or course.policy,
    )
