"""Jobs for the dispatcher: what is due, what was left behind, what waits."""

from datetime import UTC, datetime, timedelta

from pymongo import ReturnDocument

from kit.errors import Reason
from kit.jobs.model import Job, State, Ticket
from kit.jobs.mongo.database import Database, Document
from kit.jobs.mongo.documents import TICKET_FIELDS, after, to_job, to_ticket
from kit.mongo import translated

POISON = {"reason": Reason.INTERNAL.value, "message": "the process that ran it died too often; it is quarantined"}


class MongoBacklog:
    """Looks for candidates by this process's clock; the write that takes one asks the database's."""

    def __init__(self, database: Database) -> None:
        self._jobs = database.jobs
        self._retention = database.retention

    async def due(self, limit: int) -> list[Job]:
        match: Document = {"state": State.QUEUED.value, "delayed": True, "due": {"$lte": datetime.now(UTC)}}
        return await self._change_all(match, [{"$set": {"delayed": False}}], limit)

    async def lapsed(self, max_crashes: int, limit: int) -> list[Job]:
        match: Document = {"state": State.RUNNING.value, "leased_until": {"$lte": datetime.now(UTC)}}
        expired = {"$expr": {"$lte": ["$leased_until", "$$NOW"]}}
        return await self._change_all(match, self._left_behind(max_crashes), limit, expired)

    async def overdue_cancels(self, grace: float, limit: int) -> list[Job]:
        asked = datetime.now(UTC) - timedelta(seconds=grace)
        match: Document = {"state": State.RUNNING.value, "cancel_requested": {"$ne": None, "$lte": asked}}
        stopped = {
            "state": State.CANCELLED.value,
            "worker": "",
            "leased_until": None,
            "ended": "$$NOW",
            "expires": after(self._retention),
        }
        return await self._change_all(match, [{"$set": stopped}], limit)

    async def waiting(self, after: str, limit: int) -> list[Ticket]:
        match: Document = {"state": State.QUEUED.value, "delayed": False, "_id": {"$gt": after}}
        with translated():
            found = self._jobs.find(match, TICKET_FIELDS).sort("_id", 1).limit(limit)
            return [to_ticket(document) async for document in found]

    async def running(self) -> list[Job]:
        match: Document = {"state": State.RUNNING.value, "leased_until": {"$gt": datetime.now(UTC)}}
        with translated():
            return [to_job(document) async for document in self._jobs.find(match)]

    async def next_change(self, grace: float) -> datetime | None:
        """One command: of each kind of time the first, by its index."""
        running: Document = {"state": State.RUNNING.value}
        asked = {"$dateAdd": {"startDate": "$cancel_requested", "unit": "millisecond", "amount": round(grace * 1000)}}
        due = _first({"state": State.QUEUED.value, "delayed": True, "due": {"$ne": None}}, "due")
        lapses = _first({**running, "leased_until": {"$ne": None}}, "leased_until")
        stops = [{"$match": {**running, "cancel_requested": {"$ne": None}}}, {"$project": {"_id": 0, "at": asked}}]
        others = [{"$unionWith": {"coll": self._jobs.name, "pipeline": stages}} for stages in (lapses, stops)]
        with translated():
            found = await self._jobs.aggregate([*due, *others, {"$sort": {"at": 1}}, {"$limit": 1}])
            return next((row["at"] for row in await found.to_list()), None)

    def _left_behind(self, max_crashes: int) -> list[Document]:
        """Without a worker a job is queued again, unless it crashed too often or was asked to stop."""
        poison = {"$gte": ["$crashes", max_crashes]}
        asked = {"$ne": ["$cancel_requested", None]}
        return [
            {"$set": {"crashes": {"$add": ["$crashes", 1]}, "worker": "", "leased_until": None, "delayed": False}},
            {"$set": {"quarantined": poison, "failure": {"$cond": [poison, POISON, "$failure"]}}},
            {"$set": {"state": {"$cond": [poison, "failed", {"$cond": [asked, "cancelled", "queued"]}]}}},
            {"$set": {"ended": {"$cond": [{"$eq": ["$state", "queued"]}, "$$REMOVE", "$$NOW"]}}},
            {"$set": {"expires": {"$cond": [{"$eq": ["$state", "queued"]}, "$$REMOVE", after(self._retention)]}}},
        ]

    async def _change_all(
        self, match: Document, update: list[Document], limit: int, also: Document | None = None
    ) -> list[Job]:
        with translated():
            found = [row["_id"] async for row in self._jobs.find(match, {"_id": 1}).limit(limit)]
            changed = [
                await self._jobs.find_one_and_update(
                    {**match, **(also or {}), "_id": job}, update, return_document=ReturnDocument.AFTER
                )
                for job in found
            ]
        return [to_job(document) for document in changed if document]


def _first(match: Document, time: str) -> list[Document]:
    return [{"$match": match}, {"$sort": {time: 1}}, {"$limit": 1}, {"$project": {"_id": 0, "at": f"${time}"}}]
