"""Indexes, and what interrupted imports left behind."""

import time

from pymongo import ASCENDING, DESCENDING, IndexModel

from kit.mongo import Client, translated
from services.context.adapters.mongo_documents import COURSES, CUES, DATABASE, PASSAGES, POPULARITY, VIDEOS

# Longer than any import takes.
ABANDONED_AFTER = 3600

INDEXES = {
    COURSES: [IndexModel([("tenant", ASCENDING), ("order", ASCENDING), ("courseId", ASCENDING)])],
    VIDEOS: [
        IndexModel([("courseId", ASCENDING), ("videoUrl", ASCENDING)]),
        IndexModel([("courseId", ASCENDING)]),
        IndexModel([("status", ASCENDING), ("updatedAt", DESCENDING)]),
        IndexModel([("tenant", ASCENDING), ("courseId", ASCENDING), ("createdAt", ASCENDING), ("videoId", ASCENDING)]),
    ],
    CUES: [
        IndexModel([("tenant", ASCENDING), ("courseId", ASCENDING), ("edition", ASCENDING), ("part", ASCENDING)]),
        IndexModel([("edition", ASCENDING)]),
    ],
    PASSAGES: [
        IndexModel([("tenant", ASCENDING), ("courseId", ASCENDING), ("edition", ASCENDING), ("position", ASCENDING)]),
        IndexModel([("edition", ASCENDING)]),
        IndexModel([("model", ASCENDING), ("tenant", ASCENDING), ("courseId", ASCENDING)]),
    ],
    POPULARITY: [IndexModel([("tenant", ASCENDING), ("count", DESCENDING), ("courseId", ASCENDING)])],
}


async def ensure_indexes(client: Client) -> None:
    """Creates the indexes that are missing; any number of instances may do so at once."""
    with translated():
        for collection, indexes in INDEXES.items():
            await client[DATABASE][collection].create_indexes(indexes)


async def sweep(client: Client) -> int:
    """Removes cues and passages of editions that no video names any more; how many editions."""
    database = client[DATABASE]
    with translated():
        kept = set(await database[VIDEOS].distinct("edition"))
        found = {edition for name in (PASSAGES, CUES) for edition in await database[name].distinct("edition")}
        abandoned = [edition for edition in found - kept if _age(edition) > ABANDONED_AFTER]
        for edition in abandoned:
            for name in (PASSAGES, CUES):
                await database[name].delete_many({"edition": edition})
    return len(abandoned)


def _age(edition: str) -> float:
    """In seconds, by the time that editions begin with."""
    return time.time() - int(edition.partition("-")[0], 16) / 1000
