"""Leases of the processes that answer, by the clock of MongoDB's server."""

from pymongo.errors import DuplicateKeyError

from kit.mongo import translated
from services.threads.adapters.mongo.database import Database


class MongoOwners:
    """One row per process that answers turns; it lives while `expires` lies ahead."""

    def __init__(self, database: Database) -> None:
        self._owners = database.owners

    async def renew(self, owner: str, seconds: float) -> None:
        with translated():
            try:
                await self._extend(owner, seconds)
            except DuplicateKeyError:
                await self._extend(owner, seconds)

    async def release(self, owner: str) -> None:
        with translated():
            await self._owners.delete_one({"_id": owner})

    async def _extend(self, owner: str, seconds: float) -> None:
        expires = {"$add": ["$$NOW", round(seconds * 1000)]}
        await self._owners.update_one({"_id": owner}, [{"$set": {"expires": expires}}], upsert=True)
