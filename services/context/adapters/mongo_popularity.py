from collections.abc import Mapping, Sequence

from pymongo import ASCENDING, DESCENDING, UpdateOne

from kit.mongo import Client, translated
from services.context.adapters.mongo_mapping import DATABASE, POPULARITY, course_ref, owned
from services.context.model import CourseKey


class MongoPopularity:
    """Counts of questions, one document a course."""

    def __init__(self, client: Client) -> None:
        self._counts = client[DATABASE][POPULARITY]

    async def add(self, counts: Mapping[CourseKey, int]) -> None:
        updates = [
            UpdateOne({"_id": course_ref(key)}, {"$inc": {"count": count}, "$setOnInsert": owned(key)}, upsert=True)
            for key, count in counts.items()
        ]
        with translated():
            await self._counts.bulk_write(updates, ordered=False)

    async def top(self, tenant: str, limit: int) -> Sequence[str]:
        with translated():
            found = self._counts.find({"tenant": tenant}, {"_id": 0, "courseId": 1})
            ranked = found.sort([("count", DESCENDING), ("courseId", ASCENDING)]).limit(limit)
            return [document["courseId"] async for document in ranked]

    async def busiest(self, limit: int) -> Sequence[CourseKey]:
        with translated():
            found = self._counts.find({}, {"tenant": 1, "courseId": 1})
            ranked = found.sort([("count", DESCENDING), ("_id", ASCENDING)]).limit(limit)
            return [CourseKey(row["tenant"], row["courseId"]) async for row in ranked]
