"""What is swept out of the context service's database, and its indexes."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from bson import ObjectId

from kit import mongo
from kit.settings import CommonSettings
from services.context.adapters import mongo_upkeep
from services.context.adapters.mongo_courses import MongoCourses
from services.context.adapters.mongo_mapping import BLOBS, CUES, DATABASE, PAGES, PASSAGES
from services.context.adapters.mongo_videos import MongoVideos
from services.context.model import CourseKey
from tests.lectures import NOW, a_course, a_lecture


async def test_what_interrupted_imports_left_behind_is_swept(mongodb_uri: str) -> None:
    async with mongo.connect(CommonSettings(mongodb_uri=mongodb_uri)) as client:
        await mongo_upkeep.sweep(client)  # of what other tests left
        courses, videos, key = MongoCourses(client), MongoVideos(client), CourseKey(uuid4().hex, "waves")
        await courses.create(a_course(key))
        kept = await videos.put(key, a_lecture(), NOW)
        assert kept is not None
        abandoned = {"tenant": key.tenant, "courseId": key.course, "edition": "0-gone"}
        for collection in (PASSAGES, PAGES, CUES):
            await client[DATABASE][collection].insert_one({**abandoned, "position": 0, "part": 0, "model": ""})

        assert await mongo_upkeep.sweep(client) == 1
        for collection in (PASSAGES, CUES):
            editions = await client[DATABASE][collection].distinct("edition", {"tenant": key.tenant})
            assert editions == [kept.videos[0].edition]
        assert await client[DATABASE][PAGES].distinct("edition", {"tenant": key.tenant}) == []


async def test_chunks_of_uploads_whose_process_died_are_swept_once_they_are_old(mongodb_uri: str) -> None:
    now = datetime.now(UTC)
    old, young = timedelta(hours=2), timedelta(minutes=1)
    made = [("dead", old), ("slow", old + young), ("slow", young), ("new", 2 * young)]
    async with mongo.connect(CommonSettings(mongodb_uri=mongodb_uri)) as client:
        chunks = client[DATABASE][f"{BLOBS}.chunks"]
        for number, (file, age) in enumerate(made):
            await chunks.insert_one({"_id": ObjectId.from_datetime(now - age), "files_id": file, "n": number})
        await mongo_upkeep.sweep(client)
        left = await chunks.distinct("files_id", {"files_id": {"$in": ["dead", "slow", "new"]}})
        assert left == ["new", "slow"]
        await chunks.delete_many({"files_id": {"$in": left}})


async def test_the_indexes_that_are_promised_exist(mongodb_uri: str) -> None:
    async with mongo.connect(CommonSettings(mongodb_uri=mongodb_uri)) as client:
        await mongo_upkeep.ensure_indexes(client)
        described = await client[DATABASE]["videotranscriptions"].index_information()
    keys = [index["key"] for index in described.values()]
    assert [("courseId", 1), ("videoUrl", 1)] in keys
    assert [("courseId", 1)] in keys
    assert [("status", 1), ("updatedAt", -1)] in keys
