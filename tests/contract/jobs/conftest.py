"""What every store of jobs keeps to: MongoDB's and the one in memory."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from pymongo import AsyncMongoClient

from kit.auth.caller import Caller, Role
from kit.errors import Reason
from kit.jobs.memory.backlog import MemoryBacklog
from kit.jobs.memory.claims import MemoryClaims
from kit.jobs.memory.controls import MemoryQueueControls
from kit.jobs.memory.database import MemoryDatabase
from kit.jobs.memory.fleet import MemoryLeadership, MemoryQueueCensus, MemoryScheduleMarks, MemoryWorkers
from kit.jobs.memory.store import MemoryJobs
from kit.jobs.model import Claim, Failure, Job
from kit.jobs.mongo.backlog import MongoBacklog
from kit.jobs.mongo.claims import MongoClaims
from kit.jobs.mongo.controls import MongoQueueControls
from kit.jobs.mongo.database import Database
from kit.jobs.mongo.fleet import MongoLeadership, MongoQueueCensus, MongoScheduleMarks, MongoWorkers
from kit.jobs.mongo.store import MongoJobs
from kit.jobs.ports import (
    Backlog,
    Claims,
    JobStore,
    Leadership,
    QueueCensus,
    QueueControls,
    ScheduleMarks,
    WorkerRegistry,
)
from kit.mongo import Client

ANN, BOB = Caller("school", "ann"), Caller("school", "bob")
ADMIN = Caller("school", "eve", frozenset({Role.ADMIN}))
ELSEWHERE = Caller("other", "ann", frozenset({Role.ADMIN}))
LOST = Failure(Reason.DEPENDENCY_UNAVAILABLE.value, "$away")


@dataclass
class Stores:
    jobs: JobStore
    claims: Claims
    backlog: Backlog
    queues: QueueCensus
    controls: QueueControls
    workers: WorkerRegistry
    leadership: Leadership
    marks: ScheduleMarks

    async def running(self, job: Job, lease: float = 60) -> Claim:
        await self.jobs.accept(job)
        claimed = await self.claims.claim(job.id, "w1", lease)
        assert claimed is not None
        return claimed.claim

    async def job(self, name: str) -> Job:
        found = await self.jobs.get(name)
        assert found is not None
        return found


@pytest.fixture(params=["memory", "mongo"])
async def stores(request: pytest.FixtureRequest) -> AsyncIterator[Stores]:
    if request.param == "memory":
        memory = MemoryDatabase()
        jobs, claims, backlog = MemoryJobs(memory), MemoryClaims(memory), MemoryBacklog(memory)
        fleet = (
            MemoryQueueCensus(memory),
            MemoryQueueControls(),
            MemoryWorkers(),
            MemoryLeadership(),
            MemoryScheduleMarks(),
        )
        yield Stores(jobs, claims, backlog, *fleet)
        return
    client: Client = AsyncMongoClient(request.getfixturevalue("mongodb_uri"), tz_aware=True)
    database = Database(client, f"jobs_{uuid.uuid4().hex[:8]}")
    await database.prepare()
    yield Stores(
        MongoJobs(database),
        MongoClaims(database),
        MongoBacklog(database),
        MongoQueueCensus(database),
        MongoQueueControls(database),
        MongoWorkers(database),
        MongoLeadership(database),
        MongoScheduleMarks(database),
    )
    await client.drop_database(database.jobs.database.name)
    await client.close()


def new_job(name: str = "", caller: Caller = ANN, queue: str = "reports", delay: float | None = None) -> Job:
    now = datetime.now(UTC).replace(microsecond=0)
    return Job(
        id=name or uuid.uuid4().hex,
        caller=caller,
        kind="generate_report",
        queue=queue,
        priority=30,
        key="k",
        payload={"thread": "$threads/1"},
        max_attempts=3,
        created=now,
        due=now + timedelta(seconds=delay or 0),
        delayed=delay is not None,
    )
