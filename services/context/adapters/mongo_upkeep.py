"""Indexes, and what interrupted imports left behind."""

import time
from datetime import UTC, datetime, timedelta

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.asynchronous.collection import AsyncCollection

from kit.mongo import Client, translated
from services.context.adapters.gridfs_blobs import GridFSBlobs
from services.context.adapters.mongo_mapping import (
    BLOBS,
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
)

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
    DOCUMENTS: [
        IndexModel(
            [("tenant", ASCENDING), ("courseId", ASCENDING), ("createdAt", ASCENDING), ("documentId", ASCENDING)]
        ),
        IndexModel([("blob", ASCENDING)]),
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
    PAGES: [
        IndexModel([("tenant", ASCENDING), ("courseId", ASCENDING), ("edition", ASCENDING), ("page", ASCENDING)]),
        IndexModel([("edition", ASCENDING)]),
    ],
    QUIZZES: [IndexModel([("tenant", ASCENDING), ("courseId", ASCENDING), ("created", ASCENDING), ("id", ASCENDING)])],
    OUTLINES: [IndexModel([("tenant", ASCENDING), ("courseId", ASCENDING)])],
    POPULARITY: [
        IndexModel([("tenant", ASCENDING), ("count", DESCENDING), ("courseId", ASCENDING)]),
        IndexModel([("count", DESCENDING), ("_id", ASCENDING)]),
    ],
}


async def ensure_indexes(client: Client) -> None:
    """Creates the indexes that are missing; any number of instances may do so at once."""
    with translated():
        for collection, indexes in INDEXES.items():
            await client[DATABASE][collection].create_indexes(indexes)


async def sweep(client: Client) -> int:
    """Removes cues and passages of editions that nothing names any more, and bytes; how many editions."""
    database = client[DATABASE]
    await _sweep_blobs(client)
    with translated():
        kept = {edition for kind in (VIDEOS, DOCUMENTS) for edition in await database[kind].distinct("edition")}
        found = {edition for name in (PASSAGES, PAGES, CUES) for edition in await database[name].distinct("edition")}
        abandoned = [edition for edition in found - kept if _age(edition) > ABANDONED_AFTER]
        for edition in abandoned:
            for name in (PASSAGES, PAGES, CUES):
                await database[name].delete_many({"edition": edition})
    return len(abandoned)


async def _sweep_blobs(client: Client) -> None:
    """Bytes of uploads that broke off, and of documents that went with their course."""
    database, blobs = client[DATABASE], GridFSBlobs(client)
    before = datetime.now(UTC) - timedelta(seconds=ABANDONED_AFTER)
    with translated():
        async for stored in database[f"{BLOBS}.files"].find({"uploadDate": {"$lt": before}}, {"_id": 1}):
            if await database[DOCUMENTS].find_one({"blob": stored["_id"]}, {"_id": 1}) is None:
                await blobs.delete(stored["_id"])
        await _sweep_chunks(database[f"{BLOBS}.files"], database[f"{BLOBS}.chunks"], ObjectId.from_datetime(before))


async def _sweep_chunks(files: AsyncCollection[Row], chunks: AsyncCollection[Row], before: ObjectId) -> None:
    """Those older than `before` whose file was never completed, as of an upload whose process died."""
    complete = set(await files.distinct("_id"))
    for file in set(await chunks.distinct("files_id")) - complete:
        if await chunks.find_one({"files_id": file, "_id": {"$gte": before}}, {"_id": 1}) is None:
            await chunks.delete_many({"files_id": file})


def _age(edition: str) -> float:
    """In seconds, by the time that editions begin with."""
    return time.time() - int(edition.partition("-")[0], 16) / 1000
