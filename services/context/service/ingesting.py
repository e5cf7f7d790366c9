"""Makes passages of documents."""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from kit.auth.caller import Caller
from kit.document_kinds import DocumentKind
from kit.errors import FailedPrecondition, InvalidArgument, LecternError, Reason
from kit.words.languages import language_of
from services.context.model import CourseKey, Document, DocumentState, Page, PageState, Reading
from services.context.model.missing import document_not_found
from services.context.passages.cutting import paged_passages
from services.context.passages.pages import cleaned, recognised
from services.context.ports import Blobs, DocumentStore, PageReader, PageRecogniser
from services.context.service.indexing import Indexing
from services.context.service.moments import moment_now

# Of these kinds pages are given as they are shown, with what stands on each of them.
PRINTED = frozenset({DocumentKind.PDF, DocumentKind.PPTX})
SAMPLE_LETTERS = 40_000
SCANNED = "the document has no text: it seems to be scanned; run it through text recognition first"
GARBLED = (
    "the document cannot be read: its fonts do not say which letters they show, so its text is a cipher; "
    "export it again with its fonts embedded, or run it through text recognition first"
)
INTERRUPTED = "the reading of the document was interrupted each time; it may be retried"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Read:
    """How much a document says, and which of its pages a recogniser is to look at."""

    pages: int
    passages: int
    unread: tuple[int, ...] = ()


class Ingesting:
    """What the worker does with an uploaded document; each part may be done again."""

    def __init__(
        self,
        store: DocumentStore,
        blobs: Blobs,
        reader: PageReader,
        indexing: Indexing,
        *,
        recogniser: PageRecogniser | None = None,
        most_recognised: int = 0,
        now: Callable[[], datetime] = moment_now,
    ) -> None:
        """`most_recognised` pages of a document at the most are looked at by the recogniser, where there is one."""
        self._store = store
        self._blobs = blobs
        self._reader = reader
        self._indexing = indexing
        self._recogniser = recogniser
        self._most_recognised = most_recognised
        self._now = now

    async def read(self, key: CourseKey, document: str) -> Read:
        """Reads the pages and keeps their passages; a document that cannot be read says why from then on.

        One that has no text at all is left waiting where a recogniser is to look at it.
        """
        found = await self._found(key, document)
        if found.state is DocumentState.READY:
            return Read(found.page_count, found.passage_count)
        pages = await self._pages(key, found)
        unread = self._unread(found, pages)
        if unread and not any(page.readable for page in pages):
            return Read(len(pages), 0, unread)
        return replace(await self._keep(key, found, pages), unread=unread)

    async def recognise(self, caller: Caller, key: CourseKey, document: str, numbers: Sequence[int]) -> dict[str, str]:
        """The texts of these pages, by their numbers, as a model reads them off their pictures."""
        if self._recogniser is None:
            return {}
        found = await self._found(key, document)
        pictures = await self._reader.pictures(self._blobs.read(found.blob), numbers)
        texts = [await self._recognised(self._recogniser, caller, key, picture) for picture in pictures]
        return {str(number): text for number, text in zip(numbers, texts, strict=True)}

    async def _recognised(self, recogniser: PageRecogniser, caller: Caller, key: CourseKey, picture: bytes) -> str:
        """Nothing where no model will ever take it; then its page stays without text, and the others have theirs."""
        try:
            return await recogniser.text(caller, key, picture)
        except (FailedPrecondition, InvalidArgument) as error:
            log.warning("page_not_recognised", course=key.name, error=error.message)
            return ""

    async def complete(self, key: CourseKey, document: str, texts: Mapping[str, str]) -> Read:
        """Reads the document again, with these texts for pages that have none."""
        found = await self._found(key, document)
        return await self._keep(key, found, recognised(await self._pages(key, found), texts))

    async def give_up(self, key: CourseKey, document: str) -> None:
        """Tells why a document has no text whose last attempt was interrupted as well."""
        found = await self._found(key, document)
        await self._store.fail(key, found, INTERRUPTED, self._now())

    async def embed(self, key: CourseKey) -> bool:
        """Gives the passages their vectors; whether it could. Until then they are found by their words."""
        try:
            await self._indexing.embed(key)
        except LecternError as error:
            log.warning("document_not_embedded", course=key.name, reason=error.reason)
            return False
        return True

    async def _found(self, key: CourseKey, document: str) -> Document:
        found = await self._store.find(key, document)
        if found is None:
            raise document_not_found(key, document)
        return found

    def _unread(self, document: Document, pages: Sequence[Page]) -> tuple[int, ...]:
        if self._recogniser is None or document.kind is not DocumentKind.PDF:
            return ()
        return tuple(page.number for page in pages if not page.readable)[: self._most_recognised]

    async def _pages(self, key: CourseKey, document: Document) -> list[Page]:
        try:
            raw = await self._reader.pages(document.kind, self._blobs.read(document.blob))
        except InvalidArgument as error:
            await self._store.fail(key, document, error.message, self._now())
            raise
        return await asyncio.to_thread(cleaned, raw, printed=document.kind in PRINTED)

    async def _keep(self, key: CourseKey, document: Document, pages: Sequence[Page]) -> Read:
        if not any(page.readable for page in pages):
            why = GARBLED if any(page.state is PageState.GARBLED for page in pages) else SCANNED
            await self._store.fail(key, document, why, self._now())
            raise InvalidArgument(why, Reason.DOCUMENT_UNREADABLE)
        reading = await asyncio.to_thread(_reading_of, key, document, pages)
        kept = await self._store.finish(key, document, reading, self._now())
        if kept is None:
            raise document_not_found(key, document.id)
        return Read(kept.page_count, kept.passage_count)


def _reading_of(key: CourseKey, document: Document, pages: Sequence[Page]) -> Reading:
    return Reading(
        edition=f"{time.time_ns() // 1_000_000:x}-{secrets.token_hex(4)}",
        language=language_of(_sample(pages)),
        pages=tuple(pages),
        passages=paged_passages(key.course, document.id, pages),
    )


def _sample(pages: Sequence[Page]) -> str:
    """Of the first pages as much as a language is told by."""
    sample = ""
    for page in pages:
        if len(sample) > SAMPLE_LETTERS:
            break
        sample += f"{page.text} "
    return sample
