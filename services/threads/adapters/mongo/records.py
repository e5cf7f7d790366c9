from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from kit.auth.caller import Caller
from kit.mongo import translated
from services.threads.adapters.mongo.database import Database
from services.threads.adapters.mongo.documents import Document, own
from services.threads.model.records import Record


class MongoRecords:
    """One document per record, entries and all: they are bounded, and so appending is one atomic write."""

    def __init__(self, database: Database, keep: timedelta) -> None:
        """Records end so long after their last change."""
        self._records = database.records
        self._keep = keep

    async def keep(self, caller: Caller, record: Record) -> Record | None:
        now = datetime.now(UTC)
        first = {"entries": list(record.entries), "created": now}
        change = {"$set": {"body": record.body, "expires": now + self._keep}, "$setOnInsert": first}
        with translated():
            try:
                document: Any = await self._records.find_one_and_update(
                    own(caller, _id=record.id), change, upsert=True, return_document=ReturnDocument.AFTER
                )
            except DuplicateKeyError:
                return None
        return _record(document)

    async def find(self, caller: Caller, record: str) -> Record | None:
        with translated():
            document = await self._records.find_one(own(caller, _id=record))
        return _record(document) if document else None

    async def append(self, caller: Caller, record: str, entries: Sequence[str], most: int) -> Record | None:
        room = {"$expr": {"$lte": [{"$add": [{"$size": "$entries"}, len(entries)]}, most]}}
        change: Document = {
            "$push": {"entries": {"$each": list(entries)}},
            "$set": {"expires": datetime.now(UTC) + self._keep},
        }
        with translated():
            document = await self._records.find_one_and_update(
                {**own(caller, _id=record), **room}, change, return_document=ReturnDocument.AFTER
            )
        return _record(document) if document else None

    async def page(self, caller: Caller, after: str, limit: int) -> Sequence[Record]:
        with translated():
            found = self._records.find(own(caller, _id={"$gt": after})).sort("_id", 1).limit(limit)
            return [_record(document) async for document in found]

    async def erase(self, caller: Caller) -> None:
        with translated():
            await self._records.delete_many(own(caller))

    async def discard(self, caller: Caller, record: str) -> bool:
        with translated():
            return (await self._records.delete_one(own(caller, _id=record))).deleted_count > 0


def _record(document: Document) -> Record:
    return Record(document["_id"], document["body"], tuple(document["entries"]), document["created"])
