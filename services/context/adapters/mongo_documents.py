from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from pymongo import ASCENDING, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import BulkWriteError

from kit.errors import LecternError
from kit.mongo import Client, domain_error, translated
from services.context.adapters.mongo_mapping import (
    COURSES,
    DATABASE,
    DOCUMENTS,
    PAGES,
    PASSAGES,
    READY,
    Row,
    course_ref,
    document_of,
    document_ref,
    document_row,
    owned,
    page_of,
    page_rows,
    passage_rows,
    remarks_values,
)
from services.context.adapters.mongo_sources import DOCUMENTS_IN_ORDER
from services.context.model import CourseKey, Document, DocumentPosition, DocumentState, Page, Reading
from services.context.model.missing import course_not_found

ROWS_PER_INSERT = 500
RACES = 3


class MongoDocuments:
    """Documents in MongoDB, each naming the edition of its passages, as videos do."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._database = client[DATABASE]
        self._documents = self._database[DOCUMENTS]
        self._passages = self._database[PASSAGES]
        self._pages = self._database[PAGES]

    async def add(
        self, key: CourseKey, document: Document, along: Callable[[object], Awaitable[None]]
    ) -> Document | None:
        [kept] = await self.add_all([(key, document)], lambda session, added: along(session) if added else _nothing())
        if isinstance(kept, LecternError):
            raise kept
        return kept

    async def add_all(
        self, new: Sequence[tuple[CourseKey, Document]], along: Callable[[object, Sequence[int]], Awaitable[None]]
    ) -> Sequence[Document | LecternError | None]:
        with translated():
            async with self._client.start_session() as session:
                for _ in range(RACES):
                    try:
                        return await session.with_transaction(lambda session: self._add_all(session, new, along))
                    except BulkWriteError as error:  # another process kept the same one since our look
                        race = error
        raise domain_error(race)

    async def _add_all(
        self,
        session: AsyncClientSession,
        new: Sequence[tuple[CourseKey, Document]],
        along: Callable[[object, Sequence[int]], Awaitable[None]],
    ) -> Sequence[Document | LecternError | None]:
        refs = [document_ref(key, document.id) for key, document in new]
        courses, known = await self._known(session, [course_ref(key) for key, _ in new], refs)
        results = list[Document | LecternError | None]()
        added = list[int]()
        for index, ((key, document), ref) in enumerate(zip(new, refs, strict=True)):
            if course_ref(key) not in courses:
                results.append(course_not_found(key))
            elif ref in known:
                results.append(known[ref])
            else:
                known[ref] = document
                added.append(index)
                results.append(None)
        if added:
            rows = [document_row(*new[index]) for index in added]
            await self._documents.insert_many(rows, ordered=False, session=session)
            await along(session, added)
        return results

    async def _known(
        self, session: AsyncClientSession, courses: Sequence[str], documents: Sequence[str]
    ) -> tuple[frozenset[str], dict[str, Document]]:
        """Which of the courses there are, and which of the documents."""
        found = self._database[COURSES].find({"_id": {"$in": list(set(courses))}}, {"_id": 1}, session=session)
        there = frozenset([row["_id"] async for row in found])
        rows = self._documents.find({"_id": {"$in": list(documents)}}, session=session)
        return there, {row["_id"]: document_of(row) async for row in rows}

    async def find(self, key: CourseKey, document: str) -> Document | None:
        with translated():
            row = await self._documents.find_one({"_id": document_ref(key, document)})
        return document_of(row) if row else None

    async def page(self, key: CourseKey, after: DocumentPosition | None, limit: int) -> Sequence[Document]:
        query: Row = owned(key)
        if after is not None:
            later = {"createdAt": after.created, "documentId": {"$gt": after.document}}
            query["$or"] = [{"createdAt": {"$gt": after.created}}, later]
        with translated():
            found = self._documents.find(query).sort(DOCUMENTS_IN_ORDER).limit(limit)
            return [document_of(row) async for row in found]

    async def finish(self, key: CourseKey, document: Document, reading: Reading, now: datetime) -> Document | None:
        with translated():
            await _insert(self._passages, passage_rows(key, reading.edition, reading.passages))
            await _insert(self._pages, page_rows(key, reading.edition, reading.pages))
            async with self._client.start_session() as session:
                before, after = await session.with_transaction(
                    lambda session: self._switch(session, key, document, reading, now)
                )
            unused = before if after else reading.edition
            if unused:
                await self._forget(key, unused)
        return after

    async def fail(self, key: CourseKey, document: Document, failure: str, now: datetime) -> None:
        values = {"status": DocumentState.FAILED.value, "failure": failure, "updatedAt": now}
        unread = {"_id": document_ref(key, document.id), "blob": document.blob, "status": {"$ne": READY}}
        with translated():
            await self._documents.update_one(unread, {"$set": values})

    async def page_text(self, key: CourseKey, document: Document, page: int) -> Page | None:
        edition = {**owned(key), "edition": document.edition}
        with translated():
            row = await self._pages.find_one({**edition, "page": page})
            if row is not None:
                return page_of(row)
            kept = await self._pages.find_one(edition, {"_id": 1}) is not None
            if kept or not 0 < page <= document.page_count or await self._passages.find_one(edition) is None:
                return None
            # It was read when pages were not kept yet: what is known of them are their passages.
            said = self._passages.find({**edition, "page": page}, {"text": 1}).sort("position", ASCENDING)
            return Page(page, " ".join([row["text"] async for row in said]))

    async def delete(self, key: CourseKey, document: str, now: datetime) -> Document | None:
        with translated():
            async with self._client.start_session() as session:
                deleted = await session.with_transaction(lambda session: self._delete(session, key, document, now))
            if deleted is not None and deleted.edition:
                await self._forget(key, deleted.edition)
        return deleted

    async def _switch(
        self, session: AsyncClientSession, key: CourseKey, document: Document, reading: Reading, now: datetime
    ) -> tuple[str, Document | None]:
        """The edition that it named before, and the document that was read; None where it or its course is gone."""
        if not await self._next_revision(session, key, now):
            return "", None
        before = await self._documents.find_one_and_update(
            {"_id": document_ref(key, document.id), "blob": document.blob},
            {
                "$set": {
                    "status": READY,
                    "failure": "",
                    "edition": reading.edition,
                    "language": reading.language,
                    "pageCount": len(reading.pages),
                    "passageCount": len(reading.passages),
                    **remarks_values(reading.remarks),
                    "updatedAt": now,
                }
            },
            session=session,
        )
        if before is None:
            return "", None
        after = await self._documents.find_one({"_id": before["_id"]}, session=session)
        return before["edition"], document_of(after or before)

    async def _delete(
        self, session: AsyncClientSession, key: CourseKey, document: str, now: datetime
    ) -> Document | None:
        row = await self._documents.find_one_and_delete({"_id": document_ref(key, document)}, session=session)
        if row is None:
            return None
        await self._next_revision(session, key, now)
        return document_of(row)

    async def _next_revision(self, session: AsyncClientSession, key: CourseKey, now: datetime) -> bool:
        """Whether there is such a course."""
        row = await self._database[COURSES].find_one_and_update(
            {"_id": course_ref(key)},
            {"$inc": {"revision": 1}, "$set": {"updatedAt": now}},
            projection={"_id": 1},
            return_document=ReturnDocument.AFTER,
            session=session,
        )
        return row is not None

    async def _forget(self, key: CourseKey, edition: str) -> None:
        for collection in (self._passages, self._pages):
            await collection.delete_many({**owned(key), "edition": edition})


async def _insert(collection: AsyncCollection[Row], rows: Sequence[Row]) -> None:
    for first in range(0, len(rows), ROWS_PER_INSERT):
        await collection.insert_many(rows[first : first + ROWS_PER_INSERT], ordered=False)


async def _nothing() -> None:
    pass
