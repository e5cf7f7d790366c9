"""Documents and their bytes in memory, and what all sources say."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime

from kit.errors import LecternError, NotFound
from services.context.adapters.memory_stores import Shelves
from services.context.model import (
    CourseKey,
    Document,
    DocumentPosition,
    DocumentState,
    Head,
    Page,
    Passage,
    Reading,
    Source,
    SourceContext,
)
from services.context.model.missing import course_not_found


class MemoryDocuments:
    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves

    async def add(
        self, key: CourseKey, document: Document, along: Callable[[object], Awaitable[None]]
    ) -> Document | None:
        if key not in self._shelves.courses:
            raise course_not_found(key)
        before = self._shelves.documents.get((key, document.id))
        if before is None:
            await along(None)
            self._shelves.documents[key, document.id] = document
        return before

    async def add_all(
        self, new: Sequence[tuple[CourseKey, Document]], along: Callable[[object, Sequence[int]], Awaitable[None]]
    ) -> Sequence[Document | LecternError | None]:
        results = list[Document | LecternError | None]()
        added = list[int]()
        for index, (key, document) in enumerate(new):
            if key not in self._shelves.courses:
                results.append(course_not_found(key))
                continue
            results.append(self._shelves.documents.get((key, document.id)))
            if results[-1] is None:
                self._shelves.documents[key, document.id] = document
                added.append(index)
        try:
            if added:
                await along(None, added)
        except BaseException:
            for index in added:
                key, document = new[index]
                del self._shelves.documents[key, document.id]
            raise
        return results

    async def find(self, key: CourseKey, document: str) -> Document | None:
        return self._shelves.documents.get((key, document))

    async def page(self, key: CourseKey, after: DocumentPosition | None, limit: int) -> Sequence[Document]:
        place = (after.created, after.document) if after else None
        documents = self._shelves.documents_of(key)
        return [each for each in documents if place is None or (each.created, each.id) > place][:limit]

    async def finish(self, key: CourseKey, document: Document, reading: Reading, now: datetime) -> Document | None:
        course, before = self._shelves.courses.get(key), self._shelves.documents.get((key, document.id))
        if course is None or before is None or before.blob != document.blob:
            return None
        self._shelves.readings.pop(before.edition, None)
        self._shelves.readings[reading.edition] = reading
        after = replace(
            before,
            state=DocumentState.READY,
            failure="",
            edition=reading.edition,
            language=reading.language,
            page_count=len(reading.pages),
            passage_count=len(reading.passages),
            remarks=reading.remarks,
            updated=now,
        )
        self._shelves.documents[key, document.id] = after
        self._shelves.save(course, now)
        return after

    async def fail(self, key: CourseKey, document: Document, failure: str, now: datetime) -> None:
        before = self._shelves.documents.get((key, document.id))
        if before and before.blob == document.blob and before.state is not DocumentState.READY:
            failed = replace(before, state=DocumentState.FAILED, failure=failure, updated=now)
            self._shelves.documents[key, document.id] = failed

    async def page_text(self, key: CourseKey, document: Document, page: int) -> Page | None:
        known = self._shelves.documents.get((key, document.id))
        reading = self._shelves.readings.get(document.edition) if known else None
        return next((each for each in reading.pages if each.number == page), None) if reading else None

    async def delete(self, key: CourseKey, document: str, now: datetime) -> Document | None:
        deleted = self._shelves.documents.pop((key, document), None)
        if deleted is not None and key in self._shelves.courses:
            self._shelves.save(self._shelves.courses[key], now)
        return deleted


class MemoryBlobs:
    def __init__(self) -> None:
        self._blobs: dict[str, list[bytes]] = {}

    async def write(self, name: str, chunks: AsyncIterator[bytes]) -> None:
        self._blobs[name] = [chunk async for chunk in chunks]

    async def read(self, name: str) -> AsyncIterator[bytes]:
        if name not in self._blobs:
            raise NotFound("the bytes of the document are gone")
        for chunk in self._blobs[name]:
            yield chunk

    async def delete(self, name: str) -> None:
        self._blobs.pop(name, None)


class MemorySources:
    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves

    async def head(self, key: CourseKey) -> Head | None:
        course = self._shelves.courses.get(key)
        if course is None:
            return None
        videos = tuple(lecture.video for lecture in self._shelves.lectures_of(key))
        read = (each for each in self._shelves.documents_of(key) if each.state is DocumentState.READY)
        return Head(course, videos, tuple(read))

    async def contexts(self, key: CourseKey, sources: Sequence[Source]) -> Sequence[SourceContext] | None:
        passages = self._shelves.passages_of(key)
        if any(source.edition not in passages for source in sources):
            return None
        return [self._context(key, source, passages[source.edition]) for source in sources]

    def _context(self, key: CourseKey, source: Source, passages: tuple[Passage, ...]) -> SourceContext:
        places = ((key, source.edition, position) for position in range(len(passages)))
        return SourceContext(source, passages, tuple(self._shelves.vectors.get(place) for place in places))
