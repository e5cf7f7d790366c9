"""Courses, their videos, and what is said in them. Times are milliseconds from the video's beginning."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Visibility(StrEnum):
    TENANT = "tenant"
    MEMBERS = "members"


class Policy(StrEnum):
    ANSWER = "answer"
    HINTS = "hints"
    QUIZ_ME = "quiz_me"


@dataclass(frozen=True, slots=True)
class CourseKey:
    """A course of a tenant; ids are unique in their tenant alone."""

    tenant: str
    course: str

    @property
    def name(self) -> str:
        return f"courses/{self.course}"


@dataclass(frozen=True, slots=True)
class Course:
    """A set of lectures that are asked about together."""

    key: CourseKey
    title: str
    created: datetime
    updated: datetime
    epoch: int  # tells a course from an earlier one of the same id
    revision: int = 1
    description: str = ""
    visibility: Visibility = Visibility.TENANT
    policy: Policy = Policy.ANSWER
    members: frozenset[str] = frozenset()
    video_count: int = 0

    @property
    def version(self) -> str:
        """The context version: never the same again after a change."""
        return f"{self.epoch:x}-{self.revision}"

    def visible_to(self, user: str, *, teacher: bool) -> bool:
        return teacher or self.visibility is Visibility.TENANT or user in self.members


@dataclass(frozen=True, slots=True)
class CourseChanges:
    """New values of a course; what is None stays."""

    title: str | None = None
    description: str | None = None
    visibility: Visibility | None = None
    policy: Policy | None = None


@dataclass(frozen=True, slots=True)
class Cue:
    """Words and when they are said; words of plain text have no times."""

    start: int | None
    end: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a transcript of a few sentences, as it is found and cited."""

    id: str
    text: str
    start: int | None
    end: int | None
    cues: tuple[Cue, ...] = ()


@dataclass(frozen=True, slots=True)
class Video:
    """A lecture. Its edition names the import that its cues and passages came with."""

    id: str
    url: str
    title: str
    edition: str
    language: str
    imported_by: str
    duration: int
    cue_count: int
    passage_count: int
    created: datetime
    updated: datetime


@dataclass(frozen=True, slots=True)
class Lecture:
    """An import: the video with everything that is said in it."""

    video: Video
    cues: tuple[Cue, ...]
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Vector:
    """A passage as a unit vector: 32-bit floats, comparable with those of the same model alone."""

    model: str
    values: bytes


@dataclass(frozen=True, slots=True)
class VideoContext:
    """What turns about a video are grounded in: its passages, and their vectors as far as there are any."""

    video: Video
    passages: tuple[Passage, ...]
    vectors: tuple[Vector | None, ...]

    @property
    def complete(self) -> bool:
        return None not in self.vectors


@dataclass(frozen=True, slots=True)
class Head:
    """A course and its videos at one moment."""

    course: Course
    videos: tuple[Video, ...]


@dataclass(frozen=True, slots=True)
class Unembedded:
    """A passage that lacks a vector of the current model."""

    edition: str
    position: int
    text: str


@dataclass(frozen=True, slots=True)
class CoursePosition:
    """Where a list of courses by title goes on."""

    order: str
    course: str


@dataclass(frozen=True, slots=True)
class VideoPosition:
    """Where a list of videos by import goes on."""

    created: datetime
    video: str


def sort_key(title: str) -> str:
    """What titles are ordered by: case does not count."""
    return title.casefold()
