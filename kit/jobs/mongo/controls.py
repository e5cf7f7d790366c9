"""What operators set of queues, in MongoDB: a row for each queue, and a row for each change."""

import uuid
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from kit.auth.caller import Caller
from kit.jobs.controls import ControlFields, QueueChange, QueueControl, Standing, standing_of
from kit.jobs.limits import Rate
from kit.jobs.mongo.database import Database, Document
from kit.jobs.policies import Queue
from kit.mongo import translated

NEWEST = [("at", -1), ("_id", -1)]


class MongoQueueControls:
    """A change and its record are one transaction."""

    def __init__(self, database: Database) -> None:
        self._client = database.client
        self._queues = database.queues
        self._changes = database.queue_changes

    async def controls(self) -> Mapping[str, QueueControl]:
        with translated():
            return {row["_id"]: _control(row) async for row in self._queues.find({})}

    async def change(self, queue: Queue, fields: ControlFields, caller: Caller, etag: str = "") -> QueueControl:
        async def write(session: Any) -> QueueControl:
            row = await self._queues.find_one({"_id": queue.name}, session=session)
            before = _control(row or {})
            before.checked(etag)
            after = before.edited(fields, _now())
            if after is not before:
                await self._queues.replace_one({"_id": queue.name}, _row(after), upsert=True, session=session)
                await self._changes.insert_one(_change_row(queue, before, after, caller), session=session)
            return after

        with translated():
            async with self._client.start_session() as session:
                return await session.with_transaction(write)

    async def changes(self, queue: str, limit: int, after: tuple[datetime, str] | None = None) -> list[QueueChange]:
        query: Document = {"queue": queue}
        if after is not None:
            at, last = after
            query["$or"] = [{"at": {"$lt": at}}, {"at": at, "_id": {"$lt": last}}]
        with translated():
            return [_change(row) async for row in self._changes.find(query).sort(NEWEST).limit(limit)]


def _now() -> datetime:
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)  # MongoDB keeps milliseconds


def _row(control: QueueControl) -> Document:
    return {
        "paused": control.paused,
        "concurrency": control.concurrency,
        "rate": asdict(control.rate) if control.rate else None,
        "revision": control.revision,
        "changed": control.changed,
    }


def _control(row: Document) -> QueueControl:
    """Rows of earlier versions say whether the queue is paused, and no more."""
    return QueueControl(
        paused=row.get("paused", False),
        concurrency=row.get("concurrency"),
        rate=_rate(row.get("rate")),
        revision=row.get("revision", 0),
        changed=row.get("changed"),
    )


def _change_row(queue: Queue, before: QueueControl, after: QueueControl, caller: Caller) -> Document:
    return {
        "_id": uuid.uuid4().hex,
        "queue": queue.name,
        "at": after.changed,
        "tenant": caller.tenant,
        "user": caller.user,
        "before": asdict(standing_of(queue, before)),
        "after": asdict(standing_of(queue, after)),
    }


def _change(row: Document) -> QueueChange:
    before, after = _standing(row["before"]), _standing(row["after"])
    return QueueChange(row["_id"], row["queue"], row["at"], row["tenant"], row["user"], before, after)


def _standing(row: Document) -> Standing:
    return Standing(row["paused"], row["concurrency"], _rate(row["rate"]))


def _rate(row: Document | None) -> Rate | None:
    return Rate(row["count"], row["seconds"]) if row else None
