"""The database `threads`: its collections and their indexes."""

from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import OperationFailure

from kit.mongo import Client, translated
from services.threads.adapters.mongo.documents import TERMS, Document

Collection = AsyncCollection[Document]

OWNED = [("tenant", ASCENDING), ("user", ASCENDING)]
NEWEST = ("updated", DESCENDING)
TIE = ("_id", DESCENDING)
# A query that is to use an index of some documents must say that it wants no others.
HAS_LABELS = {"metadata.0": {"$exists": True}}

THREAD_INDEXES = [
    IndexModel([*OWNED, ("course", ASCENDING)], name="thread_of_user_and_course", unique=True),
    IndexModel([*OWNED, NEWEST, TIE], name="threads_by_update"),
    IndexModel([*OWNED, ("created", DESCENDING), TIE], name="threads_by_creation"),
    # Each question changes `updated`, so what can do without it does: retention, and threads without metadata.
    IndexModel([("created", ASCENDING)], name="threads_by_birth"),
    IndexModel(
        [*OWNED, ("metadata", ASCENDING), NEWEST, TIE],
        name="threads_by_label",
        partialFilterExpression=HAS_LABELS,
    ),
]
TURN_INDEXES = [
    IndexModel([("thread", ASCENDING), ("sequence", ASCENDING)], name="turns_of_thread", unique=True),
    IndexModel([*OWNED, (TERMS, ASCENDING)], name="terms_of_user"),
    IndexModel(
        [("tenant", ASCENDING), ("course", ASCENDING), ("ended", ASCENDING), ("_id", ASCENDING)],
        name="turns_of_course",
    ),
    IndexModel([("expires", ASCENDING)], name="fences_expire", expireAfterSeconds=0, sparse=True),
]
TALLY_INDEXES = [
    IndexModel(
        [("tenant", ASCENDING), ("course", ASCENDING), ("day", ASCENDING), ("video_url", ASCENDING)],
        name="tallies_of_course",
        unique=True,
    ),
    IndexModel([("stale", ASCENDING)], name="stale_tallies", sparse=True),
]
REPORT_INDEXES = [
    IndexModel([("tenant", ASCENDING), ("created", DESCENDING), TIE], name="reports_of_tenant"),
    IndexModel([*OWNED, ("created", DESCENDING), TIE], name="reports_of_user"),
    IndexModel([("thread", ASCENDING), ("created", DESCENDING), TIE], name="reports_of_thread"),
]
RECORD_INDEXES = [
    IndexModel([*OWNED, ("_id", ASCENDING)], name="records_of_user"),
    IndexModel([("expires", ASCENDING)], name="records_expire", expireAfterSeconds=0),
]
OWNER_INDEXES = [IndexModel([("expires", ASCENDING)], name="owners_expire", expireAfterSeconds=3600)]
NOT_THERE = (26, 27)  # NamespaceNotFound, IndexNotFound
# Of earlier versions: (collection, index).
FORMER_INDEXES = [("threads", "threads_by_age"), ("threads", "threads_by_metadata")]


class Database:
    """The collections of the threads service, and no others."""

    def __init__(self, client: Client, name: str) -> None:
        self.client = client
        database: AsyncDatabase[dict[str, Any]] = client[name]
        self.database = database
        self.threads: Collection = database["threads"]
        self.turns: Collection = database["turns"]
        self.owners: Collection = database["owners"]
        self.reports: Collection = database["reports"]
        self.records: Collection = database["records"]
        self.tallies: Collection = database["tallies"]
        self.marks: Collection = database["marks"]

    async def prepare(self) -> None:
        """Creates the indexes; harmless when many instances do so at once, or again."""
        with translated():
            await self.threads.create_indexes(THREAD_INDEXES)
            await self.turns.create_indexes(TURN_INDEXES)
            await self.owners.create_indexes(OWNER_INDEXES)
            await self.reports.create_indexes(REPORT_INDEXES)
            await self.records.create_indexes(RECORD_INDEXES)
            await self.tallies.create_indexes(TALLY_INDEXES)

    async def drop_former_indexes(self) -> None:
        """Those whose place others have taken; without them the version before is slower, not wrong."""
        for collection, index in FORMER_INDEXES:
            try:
                await self.database[collection].drop_index(index)
            except OperationFailure as failure:
                if failure.code not in NOT_THERE:
                    raise
