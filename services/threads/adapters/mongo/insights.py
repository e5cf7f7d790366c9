"""Tallies in MongoDB: one document for each day and video of a course, changed under the course's mark."""

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from typing import Any

from pymongo import ASCENDING
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from kit.mongo import translated
from services.threads.adapters.mongo.database import Database
from services.threads.adapters.mongo.documents import Document
from services.threads.model import Asked, CourseKey, DayTally, Mark, State, Tally

ASKED_FIELDS = {"user": 1, "question": 1, "video_url": 1, "position": 1, "state": 1, "ended": 1}


class MongoInsights:
    """Turns are read by the time when they ended; tallies and mark change in one transaction."""

    def __init__(self, database: Database) -> None:
        self._client = database.client
        self._threads = database.threads
        self._turns = database.turns
        self._tallies = database.tallies
        self._marks = database.marks

    async def mark(self, course: CourseKey) -> Mark:
        with translated():
            document = await self._marks.find_one({"_id": mark_id(course.tenant, course.course)})
        return Mark(document["ended"], document["turn"], document["edition"]) if document else Mark()

    async def asked(self, course: CourseKey, after: Mark, until: datetime, limit: int) -> Sequence[Asked]:
        later = [{"ended": {"$gt": after.ended}}, {"ended": after.ended, "_id": {"$gt": after.turn}}]
        span = {"ended": {"$gte": after.ended, "$lte": until}, "$or": later}
        with translated():
            found = self._turns.find({**_of(course), **span}, ASKED_FIELDS)
            rows = found.sort([("ended", ASCENDING), ("_id", ASCENDING)]).limit(limit)
            return [_asked(row) async for row in rows]

    async def tallies(self, course: CourseKey, first: date, last: date) -> Sequence[DayTally]:
        days = {"$gte": first.isoformat(), "$lte": last.isoformat()}
        with translated():
            return [_day_tally(document) async for document in self._tallies.find({**_of(course), "day": days})]

    async def replace(
        self, course: CourseKey, days: Collection[date], tallies: Sequence[DayTally], before: Mark, after: Mark
    ) -> bool:
        identity = mark_id(course.tenant, course.course)
        marked = {"ended": after.ended, "turn": after.turn, "edition": after.edition}
        documents = [{**_of(course), **_document(one)} for one in tallies]

        async def replacing(session: AsyncClientSession) -> bool:
            result = await self._marks.update_one(
                {"_id": identity, "edition": before.edition},
                {"$set": marked},
                upsert=before.edition == 0,
                session=session,
            )
            if not result.matched_count and result.upserted_id is None:
                return False
            counted = {**_of(course), "day": {"$in": [day.isoformat() for day in days]}}
            await self._tallies.delete_many(counted, session=session)
            if documents:
                await self._tallies.insert_many(documents, session=session)
            return True

        with translated():
            async with self._client.start_session() as session:
                try:
                    return await session.with_transaction(replacing)
                except DuplicateKeyError:  # another one was the first to count in this course
                    return False

    async def stale(self, limit: int) -> Sequence[tuple[CourseKey, date]]:
        kinds = {"tenant": "$tenant", "course": "$course", "day": "$day"}
        pipeline: list[Document] = [{"$match": {"stale": True}}, {"$group": {"_id": kinds}}, {"$limit": limit}]
        with translated():
            found = [row["_id"] async for row in await self._tallies.aggregate(pipeline)]
        return [(CourseKey(one["tenant"], one["course"]), date.fromisoformat(one["day"])) for one in found]

    async def active(self, since: datetime) -> Sequence[CourseKey]:
        kinds = {"tenant": "$tenant", "course": "$course"}
        pipeline: list[Document] = [{"$match": {"updated": {"$gte": since}}}, {"$group": {"_id": kinds}}]
        with translated():
            return [CourseKey(**row["_id"]) async for row in await self._threads.aggregate(pipeline)]


def mark_id(tenant: str, course: str) -> Document:
    return {"tenant": tenant, "course": course}


async def make_stale(database: Database, thread: Document, session: AsyncClientSession) -> None:
    """Marks the days of a thread's turns, which are about to be deleted, for being counted anew."""
    ended = database.turns.find({"thread": thread["_id"]}, {"ended": 1}, session=session)
    days = sorted({row["ended"].astimezone(UTC).date().isoformat() async for row in ended if "ended" in row})
    if not days:
        return
    course = {"tenant": thread["tenant"], "course": thread["course"]}
    await database.marks.update_one({"_id": course}, {"$inc": {"edition": 1}}, session=session)
    await database.tallies.update_many({**course, "day": {"$in": days}}, {"$set": {"stale": True}}, session=session)


def _of(course: CourseKey) -> Document:
    return {"tenant": course.tenant, "course": course.course}


def _asked(row: Document) -> Asked:
    return Asked(
        turn=row["_id"],
        user=row["user"],
        text=row["question"],
        video_url=row["video_url"],
        position=row["position"],
        answered=row["state"] == State.COMPLETED.value,
        ended=row["ended"],
    )


def _document(one: DayTally) -> Document:
    tally = one.tally
    return {
        "day": one.day.isoformat(),
        "video_url": one.video_url,
        "questions": tally.questions,
        "answered": tally.answered,
        "students": sorted(tally.students),
        "bins": [{"bin": number, "count": count} for number, count in sorted(tally.bins.items())],
        "topics": [{"stem": stem, "word": word, "count": count} for stem, (word, count) in tally.topics.items()],
    }


def _day_tally(document: Document) -> DayTally:
    tally: dict[str, Any] = {
        "questions": document["questions"],
        "answered": document["answered"],
        "students": frozenset(document["students"]),
        "bins": {one["bin"]: one["count"] for one in document["bins"]},
        "topics": {one["stem"]: (one["word"], one["count"]) for one in document["topics"]},
    }
    return DayTally(
        date.fromisoformat(document["day"]), document["video_url"], Tally(**tally), document.get("stale", False)
    )
