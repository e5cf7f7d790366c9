"""Makes passages of documents."""

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from kit.errors import InvalidArgument, LecternError
from kit.words.languages import language_of
from services.context.model import CourseKey, Document, DocumentState, Reading
from services.context.model.missing import document_not_found
from services.context.passages.cutting import paged_passages
from services.context.passages.pages import cleaned
from services.context.ports import Blobs, DocumentStore, PageReader
from services.context.service.indexing import Indexing
from services.context.service.moments import moment_now

SAMPLE_PAGES = 20

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Read:
    """How much a document says."""

    pages: int
    passages: int


class Ingesting:
    """What the worker does with an uploaded document; each part may be done again."""

    def __init__(
        self,
        store: DocumentStore,
        blobs: Blobs,
        reader: PageReader,
        indexing: Indexing,
        *,
        now: Callable[[], datetime] = moment_now,
    ) -> None:
        self._store = store
        self._blobs = blobs
        self._reader = reader
        self._indexing = indexing
        self._now = now

    async def read(self, key: CourseKey, document: str) -> Read:
        """Reads the pages and keeps their passages; a document that cannot be read says why from then on."""
        found = await self._store.find(key, document)
        if found is not None and found.state is not DocumentState.READY:
            reading = await self._reading(key, found)
            found = await self._store.finish(key, found, reading, self._now())
        if found is None:
            raise document_not_found(key, document)
        return Read(found.page_count, found.passage_count)

    async def embed(self, key: CourseKey) -> bool:
        """Gives the passages their vectors; whether it could. Until then they are found by their words."""
        try:
            await self._indexing.embed(key)
        except LecternError as error:
            log.warning("document_not_embedded", course=key.name, reason=error.reason)
            return False
        return True

    async def _reading(self, key: CourseKey, document: Document) -> Reading:
        try:
            pages = await self._reader.pages(self._blobs.read(document.blob))
        except InvalidArgument as error:
            await self._store.fail(key, document, error.message, self._now())
            raise
        return await asyncio.to_thread(_reading_of, key, document, pages)


def _reading_of(key: CourseKey, document: Document, pages: Sequence[str]) -> Reading:
    texts = cleaned(pages)
    return Reading(
        edition=f"{time.time_ns() // 1_000_000:x}-{secrets.token_hex(4)}",
        language=language_of(" ".join(texts[:SAMPLE_PAGES])),
        page_count=len(texts),
        passages=paged_passages(key.course, document.id, texts),
    )
