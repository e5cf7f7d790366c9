from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from pymongo import ASCENDING, UpdateOne
from pymongo.errors import DuplicateKeyError

from kit.mongo import Client, translated
from services.context.adapters.mongo_mapping import (
    CLAIMS,
    DATABASE,
    DOCUMENTS,
    PASSAGES,
    VIDEOS,
    Row,
    course_ref,
    owned,
)
from services.context.model import CourseKey, Unembedded, Vector


class MongoVectors:
    """Vectors beside the passages that they are of, and claims on courses as documents that run out."""

    def __init__(self, client: Client) -> None:
        database = client[DATABASE]
        self._passages = database[PASSAGES]
        self._sources = (database[VIDEOS], database[DOCUMENTS])
        self._claims = database[CLAIMS]

    async def lacking(self, model: str, limit: int) -> Sequence[CourseKey]:
        pipeline: list[Row] = [
            {"$match": {"model": {"$ne": model}}},
            {"$group": {"_id": {"tenant": "$tenant", "courseId": "$courseId"}}},
            {"$limit": limit},
        ]
        with translated():
            found = await self._passages.aggregate(pipeline)
            return [CourseKey(row["_id"]["tenant"], row["_id"]["courseId"]) async for row in found]

    async def unembedded(self, key: CourseKey, model: str, limit: int) -> Sequence[Unembedded]:
        with translated():
            editions = [edition for kind in self._sources for edition in await kind.distinct("edition", owned(key))]
            query = {**owned(key), "edition": {"$in": editions}, "model": {"$ne": model}}
            found = self._passages.find(query, {"_id": 0, "edition": 1, "position": 1, "text": 1})
            ordered = found.sort([("edition", ASCENDING), ("position", ASCENDING)]).limit(limit)
            return [Unembedded(row["edition"], row["position"], row["text"]) async for row in ordered]

    async def keep(self, key: CourseKey, vectors: Mapping[tuple[str, int], Vector]) -> None:
        updates = [
            UpdateOne(
                {**owned(key), "edition": edition, "position": position},
                {"$set": {"model": vector.model, "vector": vector.values}},
            )
            for (edition, position), vector in vectors.items()
        ]
        with translated():
            await self._passages.bulk_write(updates, ordered=False)

    @asynccontextmanager
    async def claim(self, key: CourseKey, seconds: float) -> AsyncIterator[bool]:
        holder = uuid4().hex
        mine = await self._claimed(key, holder, seconds)
        try:
            yield mine
        finally:
            if mine:
                with translated():
                    await self._claims.delete_one({"_id": course_ref(key), "holder": holder})

    async def _claimed(self, key: CourseKey, holder: str, seconds: float) -> bool:
        now = datetime.now(UTC)
        free = {"_id": course_ref(key), "until": {"$lt": now}}
        taken = {"$set": {"holder": holder, "until": now + timedelta(seconds=seconds)}}
        with translated():
            try:
                await self._claims.update_one(free, taken, upsert=True)
            except DuplicateKeyError:
                return False
        return True
