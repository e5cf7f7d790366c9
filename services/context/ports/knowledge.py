"""What knowledge needs of the outside."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from kit.auth.caller import Caller
from kit.document_kinds import DocumentKind
from kit.errors import LecternError, Unavailable
from services.context.model import (
    Course,
    CourseChanges,
    CourseKey,
    CoursePosition,
    Cue,
    Document,
    DocumentPosition,
    Head,
    Lecture,
    Page,
    RawPage,
    Reading,
    Source,
    SourceContext,
    Unembedded,
    Vector,
    Video,
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


class DocumentStore(Protocol):
    """Documents with their passages. Readers see a reading as a whole or not at all."""

    async def add(
        self, key: CourseKey, document: Document, along: Callable[[object], Awaitable[None]]
    ) -> Document | None:
        """Keeps the document, and with it, in one transaction, what `along` does with the session that it is given.

        None; or the document of this id that is there already, and then nothing is kept. Raises NotFound where the
        course is gone.
        """
        ...

    async def add_all(
        self, new: Sequence[tuple[CourseKey, Document]], along: Callable[[object, Sequence[int]], Awaitable[None]]
    ) -> Sequence[Document | LecternError | None]:
        """As `add` for each, all in one transaction; `along` is also given which of them are kept.

        Where a course is gone, its NotFound stands in the answer, and the others are kept.
        """
        ...

    async def find(self, key: CourseKey, document: str) -> Document | None: ...

    async def page(self, key: CourseKey, after: DocumentPosition | None, limit: int) -> Sequence[Document]:
        """In the order of their upload."""
        ...

    async def finish(self, key: CourseKey, document: Document, reading: Reading, now: datetime) -> Document | None:
        """The document as it is once it was read; None where it or its course is gone."""
        ...

    async def fail(self, key: CourseKey, document: Document, failure: str, now: datetime) -> None: ...

    async def page_text(self, key: CourseKey, document: Document, page: int) -> Page | None:
        """A page of a document that was read; None where it has no such page, or is read again meanwhile."""
        ...

    async def delete(self, key: CourseKey, document: str, now: datetime) -> Document | None:
        """The document that was deleted, whose bytes are left; None where there was none."""
        ...


class Blobs(Protocol):
    """Bytes of uploads, by names that are never used again."""

    async def write(self, name: str, chunks: AsyncIterator[bytes]) -> None:
        """Keeps all of the chunks; nothing where one of them raises."""
        ...

    def read(self, name: str) -> AsyncIterator[bytes]:
        """The bytes in pieces; raises NotFound."""
        ...

    async def delete(self, name: str) -> None:
        """Removes the bytes, if they are there."""
        ...


class ReadingInterrupted(Unavailable):
    """The reader was ended before it was done, by nothing that the document is known to have done."""


class PageReader(Protocol):
    """Reads the text of documents."""

    async def pages(self, kind: DocumentKind, chunks: AsyncIterator[bytes]) -> Sequence[RawPage]:
        """Each page as it is written.

        Raises InvalidArgument (DOCUMENT_UNREADABLE) that says why there is none, and ReadingInterrupted.
        """
        ...

    async def pictures(self, chunks: AsyncIterator[bytes], pages: Sequence[int]) -> Sequence[bytes]:
        """These pages of a PDF, drawn as PNG; raises as `pages` does."""
        ...


class PageRecogniser(Protocol):
    """Reads what pictures of pages show."""

    async def text(self, caller: Caller, key: CourseKey, picture: bytes) -> str:
        """The text of a page that is drawn as PNG; empty where it shows none. Raises Unavailable."""
        ...


class SourceStore(Protocol):
    """What turns are grounded in, whatever it is a source of."""

    async def head(self, key: CourseKey) -> Head | None: ...

    async def contexts(self, key: CourseKey, sources: Sequence[Source]) -> Sequence[SourceContext] | None:
        """Their passages and vectors; None where one of them has been replaced or deleted meanwhile."""
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

    async def get(self, course: Course, sources: Sequence[Source]) -> Mapping[str, SourceContext]:
        """Those that are there, by the ids of their sources."""
        ...

    async def put(self, course: Course, contexts: Sequence[SourceContext], seconds: float) -> None: ...

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

    async def open(self, course: Course, contexts: Sequence[SourceContext]) -> VectorIndex:
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

    async def busiest(self, limit: int) -> Sequence[CourseKey]:
        """The same over all tenants."""
        ...
