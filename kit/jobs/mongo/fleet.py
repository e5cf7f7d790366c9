"""Queues, workers, the lead and the schedules: all that the fleet has to agree on."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import ReturnDocument, WriteConcern
from pymongo.errors import DuplicateKeyError

from kit.jobs.model import State
from kit.jobs.mongo.database import Database, Document
from kit.jobs.mongo.documents import after
from kit.jobs.ports import QueueCounts, WorkerBeat
from kit.mongo import translated

LEAD = "dispatcher"
THROUGHPUT_WINDOW = timedelta(minutes=1)
# Signs of life come again soon: nobody waits for a disk, or for a majority, because of one.
FLEETING = WriteConcern(w=1, j=False)


class MongoQueueCensus:
    """How many jobs queues hold."""

    def __init__(self, database: Database) -> None:
        self._jobs = database.jobs

    async def counts(self, queue: str) -> QueueCounts:
        queued = {"queue": queue, "state": State.QUEUED.value}
        lately = {"queue": queue, "ended": {"$gte": datetime.now(UTC) - THROUGHPUT_WINDOW}}
        with translated():
            every = await self._jobs.count_documents(queued)
            delayed = await self._jobs.count_documents({**queued, "delayed": True})
            oldest = await self._jobs.find_one({**queued, "delayed": False}, {"created": 1}, sort=[("created", 1)])
            return QueueCounts(
                waiting=every - delayed,
                running=await self._jobs.count_documents({"queue": queue, "state": State.RUNNING.value}),
                delayed=delayed,
                failed=await self._jobs.count_documents({"queue": queue, "state": State.FAILED.value}),
                succeeded=await self._jobs.count_documents({"queue": queue, "state": State.SUCCEEDED.value}),
                ended=await self._jobs.count_documents(lately),
                oldest=oldest["created"] if oldest else None,
            )


class MongoWorkers:
    """One row per worker process."""

    def __init__(self, database: Database) -> None:
        self._workers = database.workers.with_options(write_concern=FLEETING)

    async def beat(self, worker: WorkerBeat) -> None:
        fields = {"host": worker.host, "capacity": worker.capacity, "running": list(worker.running)}
        update = [{"$set": {**{name: {"$literal": value} for name, value in fields.items()}, "beat": "$$NOW"}}]
        with translated():
            await self._workers.update_one({"_id": worker.id}, update, upsert=True)

    async def leave(self, worker: str) -> None:
        with translated():
            await self._workers.delete_one({"_id": worker})

    async def alive(self, within: float) -> list[WorkerBeat]:
        since = datetime.now(UTC) - timedelta(seconds=within)
        with translated():
            rows = self._workers.find({"beat": {"$gt": since}}).sort("_id", 1)
            return [
                WorkerBeat(row["_id"], row["host"], row["capacity"], tuple(row["running"]), row["beat"])
                async for row in rows
            ]


class MongoLeadership:
    """The lead is a row with an end; who finds it ended may take it."""

    def __init__(self, database: Database) -> None:
        self._leases = database.leases.with_options(write_concern=FLEETING)

    async def lead(self, holder: str, lease: float) -> bool:
        ended = {"$lte": [{"$ifNull": ["$until", "$$NOW"]}, "$$NOW"]}
        mine = {"$or": [{"$eq": ["$holder", {"$literal": holder}]}, ended]}
        taken = {"holder": {"$literal": holder}, "until": after(lease)}
        update = [{"$set": {name: {"$cond": [mine, value, f"${name}"]} for name, value in taken.items()}}]
        with translated():
            try:
                row = await self._write(update)
            except DuplicateKeyError:
                row = await self._write(update)
        return bool(row["holder"] == holder)

    async def resign(self, holder: str) -> None:
        with translated():
            await self._leases.delete_one({"_id": LEAD, "holder": holder})

    async def _write(self, update: list[Document]) -> Document:
        row: Any = await self._leases.find_one_and_update(
            {"_id": LEAD}, update, upsert=True, return_document=ReturnDocument.AFTER
        )
        return dict(row)


class MongoScheduleMarks:
    """When each schedule last fired."""

    def __init__(self, database: Database) -> None:
        self._schedules = database.schedules

    async def last(self, schedule: str) -> datetime | None:
        with translated():
            row = await self._schedules.find_one({"_id": schedule})
        return row["fired"] if row else None

    async def mark(self, schedule: str, fired: datetime) -> None:
        with translated():
            await self._schedules.update_one({"_id": schedule}, {"$max": {"fired": fired}}, upsert=True)
