"""What every store of webhooks keeps to, and that what ended is told of once, and to whom it concerns."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from pymongo import AsyncMongoClient

from kit.auth.caller import Caller
from kit.jobs.memory.claims import MemoryClaims
from kit.jobs.memory.database import MemoryDatabase
from kit.jobs.memory.fleet import MemoryScheduleMarks
from kit.jobs.memory.room import MemoryRoom
from kit.jobs.memory.store import MemoryJobs
from kit.jobs.model import Failed, Failure, Succeeded
from kit.jobs.mongo.claims import MongoClaims
from kit.jobs.mongo.database import Database
from kit.jobs.mongo.fleet import MongoScheduleMarks
from kit.jobs.mongo.store import MongoJobs
from kit.jobs.policies import POLICIES
from kit.jobs.ports import Claims, JobQuery, JobStore, ScheduleMarks
from kit.jobs.submitting import Jobs
from kit.jobs.webhooks.announcing import DELIVER, MARK, Announcing
from kit.jobs.webhooks.memory import MemoryEndedJobs, MemoryWebhooks
from kit.jobs.webhooks.model import Event, Webhook
from kit.jobs.webhooks.mongo import MongoEndedJobs, MongoWebhooks
from kit.jobs.webhooks.ports import EndedJobs, WebhookQuery, WebhookStore
from kit.mongo import Client
from tests.contract.jobs.conftest import ADMIN, ANN, BOB, ELSEWHERE, new_job

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


class Untold:
    async def changed(self, *jobs: str) -> None:
        pass


@dataclass
class Rig:
    webhooks: WebhookStore
    ended: EndedJobs
    marks: ScheduleMarks
    jobs: JobStore
    claims: Claims

    def announcing(self) -> Announcing:
        """One that has seen nothing yet."""
        room = MemoryRoom()
        return Announcing(self.ended, self.webhooks, self.marks, Jobs(self.jobs, room, Untold(), POLICIES))

    async def end(self, caller: Caller, *, well: bool = True) -> str:
        job = new_job(caller=caller)
        await self.jobs.accept(job)
        claimed = await self.claims.claim(job.id, "w1", 60)
        assert claimed is not None
        await self.claims.settle(claimed.claim, Succeeded({"n": 1}) if well else Failed(Failure("INTERNAL", "no")))
        return job.id

    async def deliveries(self, caller: Caller) -> list[tuple[str, str]]:
        found = await self.jobs.page(caller, JobQuery(100, kind=DELIVER))
        return sorted((job.payload["type"], job.payload["job"]) for job in found)


@pytest.fixture(params=["memory", "mongo"])
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    if request.param == "memory":
        memory = MemoryDatabase()
        marks = MemoryScheduleMarks()
        yield Rig(MemoryWebhooks(), MemoryEndedJobs(memory), marks, MemoryJobs(memory), MemoryClaims(memory))
        return
    client: Client = AsyncMongoClient(request.getfixturevalue("mongodb_uri"), tz_aware=True)
    database = Database(client, f"jobs_{uuid.uuid4().hex[:8]}")
    await database.prepare()
    stores = MongoWebhooks(database), MongoEndedJobs(database), MongoScheduleMarks(database)
    yield Rig(*stores, MongoJobs(database), MongoClaims(database))
    await client.drop_database(database.jobs.database.name)
    await client.close()


def a_webhook(name: str, caller: Caller = ANN, *events: Event, whole: bool = False) -> Webhook:
    created = NOW + timedelta(seconds=int(name[1:] or 0))
    wanted = frozenset(events or Event)
    return Webhook(name, caller.tenant, caller.user, "https://x.example", wanted, "whsec_AAAA", created, whole)


async def test_webhooks_are_their_owners_and_their_admins(rig: Rig) -> None:
    for number in range(3):
        await rig.webhooks.create(a_webhook(f"w{number}"))
    await rig.webhooks.create(a_webhook("w9", BOB))
    assert await rig.webhooks.find(ANN, "w0") == await rig.webhooks.get("w0") == a_webhook("w0")
    assert await rig.webhooks.find(BOB, "w0") is None
    assert await rig.webhooks.find(ELSEWHERE, "w0") is None
    assert await rig.webhooks.find(ADMIN, "w0") is not None
    first = await rig.webhooks.page(ANN, WebhookQuery(2))
    rest = await rig.webhooks.page(ANN, WebhookQuery(2, (first[-1].created, first[-1].id)))
    assert [webhook.id for webhook in (*first, *rest)] == ["w0", "w1", "w2"]
    assert len(await rig.webhooks.page(ADMIN, WebhookQuery(9))) == 4
    assert await rig.webhooks.count(ANN) == 3
    assert not await rig.webhooks.delete(BOB, "w0")
    assert await rig.webhooks.delete(ANN, "w0")
    assert not await rig.webhooks.delete(ANN, "w0")


async def test_failures_in_a_row_disable_until_it_is_enabled(rig: Rig) -> None:
    await rig.webhooks.create(a_webhook("w1"))
    for failed in (True, True, False, True, True):
        await rig.webhooks.settled("w1", failed=failed, most_failures=3)
    assert await rig.webhooks.get("w1") == replace(a_webhook("w1"), failures=2)
    await rig.webhooks.settled("w1", failed=True, most_failures=3)
    assert not await rig.webhooks.listening({ANN.tenant})
    assert await rig.webhooks.enable(BOB, "w1") is None
    assert await rig.webhooks.enable(ANN, "w1") == a_webhook("w1")
    assert len(await rig.webhooks.listening({ANN.tenant})) == 1
    assert not await rig.webhooks.listening({"nobody"})


async def test_what_ended_is_told_of_once_to_those_whom_it_concerns(rig: Rig) -> None:
    await rig.marks.mark(MARK, datetime.now(UTC))
    await rig.webhooks.create(a_webhook("w1"))
    await rig.webhooks.create(a_webhook("w2", BOB, Event.JOB_FAILED))
    await rig.webhooks.create(a_webhook("w3", ADMIN, Event.JOB_SUCCEEDED, whole=True))
    anns, bobs, other = await rig.end(ANN), await rig.end(BOB, well=False), await rig.end(ELSEWHERE)

    assert await rig.announcing().announce() == 3
    assert await rig.announcing().announce() == 3  # another leader looks at the same, and nothing is made of it

    assert await rig.deliveries(ANN) == [("job.succeeded", anns)]
    assert await rig.deliveries(BOB) == [("job.failed", bobs)]
    assert ("job.succeeded", anns) in await rig.deliveries(Caller("school", "eve"))
    assert other not in str(await rig.deliveries(ADMIN))
    (job,) = await rig.jobs.page(ANN, JobQuery(9, kind=DELIVER, payload={"webhook": "w1"}))
    body = orjson.loads(job.payload["body"])
    assert (body["type"], body["data"]["name"], body["data"]["result"]) == ("job.succeeded", f"jobs/{anns}", {"n": 1})
    assert not await rig.jobs.page(ANN, JobQuery(9, kind=DELIVER, payload={"webhook": "w2"}))


async def test_the_first_look_tells_of_nothing_and_deliveries_are_never_told_of(rig: Rig) -> None:
    await rig.webhooks.create(a_webhook("w1"))
    assert await rig.announcing().announce() == 0
    assert await rig.marks.last(MARK) is not None
    job = replace(new_job(caller=ANN), kind=DELIVER, queue="webhooks")
    await rig.jobs.accept(job)
    claimed = await rig.claims.claim(job.id, "w1", 60)
    assert claimed is not None
    await rig.claims.settle(claimed.claim, Succeeded({}))
    assert await rig.announcing().announce() == 0
    assert [found.id for found in await rig.jobs.page(ANN, JobQuery(9))] == [job.id]
