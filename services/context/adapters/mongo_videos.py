from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from kit.mongo import Client, translated
from services.context.adapters.mongo_mapping import (
    COURSES,
    CUES,
    DATABASE,
    PASSAGES,
    VIDEOS,
    Row,
    course_of,
    course_ref,
    cue_rows,
    cues_of,
    owned,
    passage_rows,
    video_of,
    video_ref,
    video_values,
)
from services.context.adapters.mongo_sources import VIDEOS_IN_ORDER
from services.context.model import Course, CourseKey, Cue, Head, Lecture, Video, VideoPosition

ROWS_PER_INSERT = 500


class MongoVideos:
    """Videos in MongoDB, each naming the edition of its cues and passages.

    Those of an import are written first, under an edition that nothing names yet; one short transaction then makes
    the video name it and raises the course's revision.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._database = client[DATABASE]
        self._courses = self._database[COURSES]
        self._videos = self._database[VIDEOS]

    async def put(self, key: CourseKey, lecture: Lecture, now: datetime) -> Head | None:
        edition = lecture.video.edition
        with translated():
            await self._insert(CUES, cue_rows(key, edition, lecture.cues))
            await self._insert(PASSAGES, passage_rows(key, edition, lecture.passages))
            async with self._client.start_session() as session:
                before, head = await session.with_transaction(lambda session: self._switch(session, key, lecture, now))
            unused = before if head else edition
            if unused:
                await self._forget(key, unused)
        return head

    async def find(self, key: CourseKey, video: str) -> Video | None:
        with translated():
            document = await self._videos.find_one({"_id": video_ref(key, video)})
        return video_of(document) if document else None

    async def page(self, key: CourseKey, after: VideoPosition | None, limit: int) -> Sequence[Video]:
        query: Row = owned(key)
        if after is not None:
            later = {"createdAt": after.created, "videoId": {"$gt": after.video}}
            query["$or"] = [{"createdAt": {"$gt": after.created}}, later]
        with translated():
            return [
                video_of(document) async for document in self._videos.find(query).sort(VIDEOS_IN_ORDER).limit(limit)
            ]

    async def delete(self, key: CourseKey, video: str, now: datetime) -> Course | None:
        with translated():
            async with self._client.start_session() as session:
                edition, course = await session.with_transaction(lambda session: self._delete(session, key, video, now))
            if edition:
                await self._forget(key, edition)
        return course

    async def cues(self, key: CourseKey, video: Video) -> tuple[Cue, ...] | None:
        query = {**owned(key), "edition": video.edition}
        with translated():
            parts = self._database[CUES].find(query, {"_id": 0, "cues": 1}).sort("part", ASCENDING)
            cues = tuple([cue async for part in parts for cue in cues_of(part["cues"])])
        return cues if len(cues) == video.cue_count else None

    async def _insert(self, collection: str, documents: Sequence[Row]) -> None:
        for first in range(0, len(documents), ROWS_PER_INSERT):
            await self._database[collection].insert_many(documents[first : first + ROWS_PER_INSERT], ordered=False)

    async def _switch(
        self, session: AsyncClientSession, key: CourseKey, lecture: Lecture, now: datetime
    ) -> tuple[str, Head | None]:
        """The edition that the video named before, and the course with the video; no course undoes it all."""
        reference = {"_id": video_ref(key, lecture.video.id)}
        before = await self._videos.find_one(reference, {"edition": 1}, session=session)
        course = await self._next_revision(session, key, now, new_videos=0 if before else 1)
        if course is None:
            return "", None
        video = await self._videos.find_one_and_update(
            reference,
            {"$set": {**video_values(key, lecture.video), "updatedAt": now}, "$setOnInsert": {"createdAt": now}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
            session=session,
        )
        return before["edition"] if before else "", Head(course, (video_of(video or {}),))

    async def _delete(
        self, session: AsyncClientSession, key: CourseKey, video: str, now: datetime
    ) -> tuple[str, Course | None]:
        deleted = await self._videos.find_one_and_delete(
            {"_id": video_ref(key, video)}, {"edition": 1}, session=session
        )
        if deleted is None:
            return "", None
        return deleted["edition"], await self._next_revision(session, key, now, new_videos=-1)

    async def _next_revision(
        self, session: AsyncClientSession, key: CourseKey, now: datetime, *, new_videos: int
    ) -> Course | None:
        document: dict[str, Any] | None = await self._courses.find_one_and_update(
            {"_id": course_ref(key)},
            {"$inc": {"revision": 1, "videoCount": new_videos}, "$set": {"updatedAt": now}},
            return_document=ReturnDocument.AFTER,
            session=session,
        )
        return course_of(document) if document else None

    async def _forget(self, key: CourseKey, edition: str) -> None:
        for collection in (PASSAGES, CUES):
            await self._database[collection].delete_many({**owned(key), "edition": edition})
