"""The database of jobs: its collections and their indexes. It belongs to this package, whoever's process runs it."""

from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

from kit.mongo import Client, translated

Document = dict[str, Any]
Collection = AsyncCollection[Document]

NEWEST = [("created", DESCENDING), ("_id", DESCENDING)]
JOB_INDEXES = [
    IndexModel([("tenant", ASCENDING), ("user", ASCENDING), *NEWEST], name="jobs_of_user"),
    IndexModel([("tenant", ASCENDING), *NEWEST], name="jobs_of_tenant"),
    IndexModel([("queue", ASCENDING), ("state", ASCENDING), ("created", ASCENDING)], name="jobs_of_queue"),
    IndexModel(
        [("delayed", ASCENDING), ("_id", ASCENDING)],
        name="jobs_waiting",
        partialFilterExpression={"state": "queued"},
    ),
    IndexModel([("due", ASCENDING)], name="jobs_due", partialFilterExpression={"delayed": True}),
    IndexModel([("leased_until", ASCENDING)], name="jobs_running", partialFilterExpression={"state": "running"}),
    IndexModel([("queue", ASCENDING), ("ended", ASCENDING)], name="jobs_ended", sparse=True),
    IndexModel([("ended", ASCENDING)], name="jobs_by_end", sparse=True),
    IndexModel([("payload.webhook", ASCENDING), *NEWEST], name="deliveries", sparse=True),
    IndexModel([("expires", ASCENDING)], name="jobs_expire", expireAfterSeconds=0, sparse=True),
]
WEBHOOK_INDEXES = [IndexModel([("tenant", ASCENDING), ("user", ASCENDING), ("created", ASCENDING), ("_id", ASCENDING)])]
CHANGE_INDEXES = [IndexModel([("queue", ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)], name="changes_of_queue")]
WORKER_INDEXES = [IndexModel([("beat", ASCENDING)], name="workers_expire", expireAfterSeconds=3600)]


class Database:
    """The collections of the database `jobs`; ended jobs are kept for so many seconds."""

    def __init__(self, client: Client, name: str = "jobs", retention: float = 30 * 24 * 3600.0) -> None:
        self.client = client
        self.retention = retention
        database: AsyncDatabase[Document] = client[name]
        self.jobs: Collection = database["jobs"]
        self.queues: Collection = database["queues"]
        self.queue_changes: Collection = database["queue_changes"]
        self.workers: Collection = database["workers"]
        self.leases: Collection = database["leases"]
        self.schedules: Collection = database["schedules"]
        self.webhooks: Collection = database["webhooks"]

    async def prepare(self) -> None:
        """Creates the indexes; harmless when many processes do so at once, or again."""
        with translated():
            await self.jobs.create_indexes(JOB_INDEXES)
            await self.queue_changes.create_indexes(CHANGE_INDEXES)
            await self.workers.create_indexes(WORKER_INDEXES)
            await self.webhooks.create_indexes(WEBHOOK_INDEXES)
