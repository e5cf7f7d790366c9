from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from kit.group_commit import BurstCommit
from kit.mongo import Client, translated
from services.context.adapters.mongo_mapping import (
    COURSES,
    CUES,
    DATABASE,
    DOCUMENTS,
    OUTLINES,
    PAGES,
    PASSAGES,
    POPULARITY,
    QUIZZES,
    VIDEOS,
    Row,
    course_of,
    course_ref,
    course_row,
    owned,
)
from services.context.model import Course, CourseChanges, CourseKey, CoursePosition, Visibility, sort_key


class MongoCourses:
    """Courses in MongoDB; the tenant stands in every `_id` and query."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._database = client[DATABASE]
        self._courses = self._database[COURSES]
        # Reads that are asked for while one is under way share the next: each still begins after it was asked for.
        self._finding = BurstCommit(self._find_all)

    async def create(self, course: Course) -> bool:
        with translated():
            try:
                await self._courses.insert_one(course_row(course))
            except DuplicateKeyError:
                return False
        return True

    async def find(self, key: CourseKey) -> Course | None:
        return await self._finding.add(key)

    async def _find_all(self, keys: Sequence[CourseKey]) -> list[Course | None]:
        refs = [course_ref(key) for key in keys]
        wanted = list(set(refs))
        # One more than there can be: a batch that is full would be asked for what follows it.
        with translated():
            documents = self._courses.find({"_id": {"$in": wanted}}, batch_size=len(wanted) + 1)
            found = {document["_id"]: course_of(document) async for document in documents}
        return [found.get(ref) for ref in refs]

    async def page(self, tenant: str, viewer: str | None, after: CoursePosition | None, limit: int) -> Sequence[Course]:
        conditions: list[Row] = [{"tenant": tenant}]
        if viewer is not None:
            conditions.append({"$or": [{"visibility": Visibility.TENANT.value}, {"members": viewer}]})
        if after is not None:
            later = {"order": after.order, "courseId": {"$gt": after.course}}
            conditions.append({"$or": [{"order": {"$gt": after.order}}, later]})
        with translated():
            found = self._courses.find({"$and": conditions}).sort([("order", ASCENDING), ("courseId", ASCENDING)])
            return [course_of(document) async for document in found.limit(limit)]

    async def change(self, key: CourseKey, changes: CourseChanges, now: datetime) -> Course | None:
        return await self._update(key, now, {"$set": _values(changes)})

    async def add_member(self, key: CourseKey, user: str, now: datetime) -> Course | None:
        return await self._update(key, now, {"$addToSet": {"members": user}})

    async def remove_member(self, key: CourseKey, user: str, now: datetime) -> Course | None:
        return await self._update(key, now, {"$pull": {"members": user}})

    async def memberships(self, tenant: str, user: str) -> Sequence[CourseKey]:
        with translated():
            found = self._courses.find({"tenant": tenant, "members": user}, {"courseId": 1})
            return [CourseKey(tenant, document["courseId"]) async for document in found]

    async def delete(self, key: CourseKey) -> bool:
        """The course and its sources go together; what they leave is out of reach at once and removed after.

        Bytes of documents are left to the upkeep.
        """
        with translated():
            async with self._client.start_session() as session:
                editions = await session.with_transaction(lambda session: self._delete(session, key))
            if editions is None:
                return False
            await self._database[POPULARITY].delete_one({"_id": course_ref(key)})
            for collection in (PASSAGES, PAGES, CUES):
                await self._database[collection].delete_many({**owned(key), "edition": {"$in": editions}})
        return True

    async def touch(self, key: CourseKey) -> bool:
        with translated():
            result = await self._courses.update_one({"_id": course_ref(key)}, {"$inc": {"touched": 1}})
        return result.matched_count > 0

    async def _update(self, key: CourseKey, now: datetime, change: dict[str, Any]) -> Course | None:
        values = {**change.get("$set", {}), "updatedAt": now}
        with translated():
            document = await self._courses.find_one_and_update(
                {"_id": course_ref(key)},
                {**change, "$set": values, "$inc": {"revision": 1}},
                return_document=ReturnDocument.AFTER,
            )
        return course_of(document) if document else None

    async def _delete(self, session: AsyncClientSession, key: CourseKey) -> list[str] | None:
        result = await self._courses.delete_one({"_id": course_ref(key)}, session=session)
        if not result.deleted_count:
            return None
        editions: list[str] = []
        for kind in (self._database[VIDEOS], self._database[DOCUMENTS]):
            editions += [row["edition"] async for row in kind.find(owned(key), {"edition": 1}, session=session)]
            await kind.delete_many(owned(key), session=session)
        for made in (QUIZZES, OUTLINES):
            await self._database[made].delete_many(owned(key), session=session)
        return editions


def _values(changes: CourseChanges) -> Row:
    values: Row = {}
    if changes.title is not None:
        values |= {"title": changes.title, "order": sort_key(changes.title)}
    if changes.description is not None:
        values["description"] = changes.description
    if changes.visibility is not None:
        values["visibility"] = changes.visibility.value
    if changes.policy is not None:
        values["policy"] = changes.policy.value
    return values
