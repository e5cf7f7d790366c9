"""What is made of courses for teaching: quizzes, and outlines of documents. Times are in milliseconds."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Quote:
    """Words that a source has, with where they stand; a document is named by its id, pages count from 1."""

    text: str
    title: str
    video_url: str = ""
    start: int | None = None
    end: int | None = None
    document: str = ""
    page: int = 0


@dataclass(frozen=True, slots=True)
class Scope:
    """What a quiz is about: a video, or pages of a document; all of them without a first page."""

    video_url: str = ""
    document: str = ""
    first_page: int = 0
    last_page: int = 0

    def holds(self, page: int) -> bool:
        return not self.first_page or self.first_page <= page <= self.last_page


@dataclass(frozen=True, slots=True)
class QuizQuestion:
    """`answer` counts the options from 0."""

    text: str
    options: tuple[str, ...]
    answer: int
    explanation: str
    quote: Quote


class QuizState(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"


@dataclass(frozen=True, slots=True)
class Quiz:
    """Questions about a part of a course; students see it once a teacher has published it."""

    id: str
    title: str
    scope: Scope
    questions: tuple[QuizQuestion, ...]
    made_by: str
    created: datetime
    updated: datetime
    state: QuizState = QuizState.DRAFT
    provider: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class QuizChanges:
    """New values of a quiz; what is None stays."""

    title: str | None = None
    questions: tuple[QuizQuestion, ...] | None = None
    state: QuizState | None = None


@dataclass(frozen=True, slots=True)
class QuizPosition:
    """Where a list of quizzes goes on."""

    created: datetime
    quiz: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """Pages of a document that belong together; `quiz` is the id of the quiz about them."""

    title: str
    document: str
    first_page: int
    last_page: int
    summary: str = ""
    quotes: tuple[Quote, ...] = ()
    quiz: str = ""


@dataclass(frozen=True, slots=True)
class Outline:
    """A course made of documents; `id` is that of the job that made it."""

    id: str
    chapters: tuple[Chapter, ...]
    created: datetime
