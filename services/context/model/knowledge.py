"""Courses, their videos, and what is said in them. Times are milliseconds from the video's beginning."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from kit.document_kinds import DocumentKind
from services.context.model.pages import NO_REMARKS, Page, PageRemarks, remarks_of


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
    """A stretch of a transcript or document of a few sentences, as it is found and cited; pages count from 1."""

    id: str
    text: str
    start: int | None = None
    end: int | None = None
    cues: tuple[Cue, ...] = ()
    page: int = 0


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


class DocumentState(StrEnum):
    WAITING = "waiting"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Document:
    """A text with pages. Its edition, once it was read, names its passages; `failure` says why it cannot be read."""

    id: str
    title: str
    file_name: str
    blob: str
    size: int
    uploaded_by: str
    created: datetime
    updated: datetime
    state: DocumentState = DocumentState.WAITING
    failure: str = ""
    edition: str = ""
    language: str = ""
    page_count: int = 0
    passage_count: int = 0
    kind: DocumentKind = DocumentKind.PDF
    remarks: PageRemarks = NO_REMARKS


@dataclass(frozen=True, slots=True)
class Reading:
    """What a document says: its pages and their passages, under an edition of their own."""

    edition: str
    language: str
    pages: tuple[Page, ...]
    passages: tuple[Passage, ...]

    @property
    def remarks(self) -> PageRemarks:
        return remarks_of(self.pages)


Source = Video | Document


@dataclass(frozen=True, slots=True)
class Vector:
    """A passage as a unit vector: 32-bit floats, comparable with those of the same model alone."""

    model: str
    values: bytes


@dataclass(frozen=True, slots=True)
class SourceContext:
    """What turns are grounded in: a source's passages, and their vectors as far as there are any."""

    source: Source
    passages: tuple[Passage, ...]
    vectors: tuple[Vector | None, ...]

    @property
    def complete(self) -> bool:
        return None not in self.vectors


@dataclass(frozen=True, slots=True)
class Head:
    """A course, its videos, and those of its documents that were read, at one moment."""

    course: Course
    videos: tuple[Video, ...]
    documents: tuple[Document, ...] = ()

    @property
    def sources(self) -> tuple[Source, ...]:
        return (*self.videos, *self.documents)


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


@dataclass(frozen=True, slots=True)
class DocumentPosition:
    """Where a list of documents by upload goes on."""

    created: datetime
    document: str


def sort_key(title: str) -> str:
    """What titles are ordered by: case does not count."""
    return title.casefold()
