"""One process at a time, by a document that is renewed; times are the database's."""

import asyncio
import uuid
from typing import Any

from pymongo import ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError

LEASE = "lease"
RENEWALS = 3


class Lease:
    def __init__(self, collection: AsyncCollection[dict[str, Any]], seconds: float) -> None:
        """Whoever does not renew it for so many seconds has lost it."""
        self._collection = collection
        self._seconds = seconds
        self._owner = uuid.uuid4().hex

    async def take(self) -> bool:
        """Whether it is ours now."""
        free = {"$lt": ["$until", "$$NOW"]}  # also where there is none yet
        ours = {name: {"$cond": [free, value, f"${name}"]} for name, value in self._ours().items()}
        try:
            held = await self._collection.find_one_and_update(
                {"_id": LEASE}, [{"$set": ours}], upsert=True, return_document=ReturnDocument.AFTER
            )
        except DuplicateKeyError:  # somebody else was the first at the same time
            return False
        return bool(held and held["owner"] == self._owner)

    async def keep(self) -> None:
        """Renews it until it is lost, and returns then."""
        while True:
            await asyncio.sleep(self._seconds / RENEWALS)
            kept = await self._collection.update_one({"_id": LEASE, "owner": self._owner}, [{"$set": self._ours()}])
            if not kept.matched_count:
                return

    async def leave(self) -> None:
        await self._collection.delete_one({"_id": LEASE, "owner": self._owner})

    def _ours(self) -> dict[str, Any]:
        milliseconds = round(self._seconds * 1000)
        until = {"$dateAdd": {"startDate": "$$NOW", "unit": "millisecond", "amount": milliseconds}}
        return {"owner": self._owner, "until": until}
