"""What every store of jobs keeps to: MongoDB's and the one in memory."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from pymongo import AsyncMongoClient

from kit.auth.caller import Caller, Role
from kit.errors import Conflict, Reason
from kit.jobs.memory.backlog import MemoryBacklog
from kit.jobs.memory.claims import MemoryClaims
from kit.jobs.memory.database import MemoryDatabase
from kit.jobs.memory.fleet import MemoryLeadership, MemoryQueues, MemoryScheduleMarks, MemoryWorkers
from kit.jobs.memory.store import MemoryJobs
from kit.jobs.model import Cancelled, Claim, Failed, Failure, Job, Postponed, State, Step, Succeeded
from kit.jobs.mongo.backlog import MongoBacklog
from kit.jobs.mongo.claims import MongoClaims
from kit.jobs.mongo.database import Database
from kit.jobs.mongo.fleet import MongoLeadership, MongoQueues, MongoScheduleMarks, MongoWorkers
from kit.jobs.mongo.store import MongoJobs
from kit.jobs.ports import Backlog, Claims, JobQuery, JobStore, Leadership, ScheduleMarks, WorkerBeat, WorkerRegistry
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
    queues: MongoQueues | MemoryQueues
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
        fleet = MemoryQueues(memory), MemoryWorkers(), MemoryLeadership(), MemoryScheduleMarks()
        yield Stores(jobs, claims, backlog, *fleet)
        return
    client: Client = AsyncMongoClient(request.getfixturevalue("mongodb_uri"), tz_aware=True)
    database = Database(client, f"jobs_{uuid.uuid4().hex[:8]}")
    await database.prepare()
    yield Stores(
        MongoJobs(database),
        MongoClaims(database),
        MongoBacklog(database),
        MongoQueues(database),
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


async def test_the_same_job_is_kept_once(stores: Stores) -> None:
    job = new_job("a")
    kept = await asyncio.gather(*(stores.jobs.accept(replace(job, payload={"n": n})) for n in range(10)))
    assert len({found.payload["n"] for found in kept}) == 1
    assert await stores.jobs.get("a") == kept[0]


async def test_erasing_removes_a_users_own_jobs_and_their_claims(stores: Stores) -> None:
    claim = await stores.running(new_job("a"))
    await stores.jobs.accept(new_job("b", BOB))
    await stores.jobs.accept(new_job("c", Caller("other", "ann")))
    await stores.jobs.erase(ANN)
    assert await stores.jobs.get("a") is None
    assert await stores.jobs.get("b") is not None
    assert await stores.jobs.get("c") is not None
    assert not await stores.claims.renew([claim], 60)


async def test_a_job_is_seen_by_its_user_and_the_admins_of_the_tenant(stores: Stores) -> None:
    await stores.jobs.accept(new_job("a"))
    assert await stores.jobs.find(ANN, "a") == await stores.jobs.find(ADMIN, "a") == await stores.job("a")
    assert await stores.jobs.find(BOB, "a") is None
    assert await stores.jobs.find(ELSEWHERE, "a") is None


async def test_jobs_are_listed_newest_first_by_filter_and_page(stores: Stores) -> None:
    for number in range(5):
        job = new_job(f"j{number}", queue="reports" if number % 2 else "titles")
        await stores.jobs.accept(replace(job, created=job.created + timedelta(seconds=number)))
    await stores.jobs.accept(new_job("theirs", BOB))
    first = await stores.jobs.page(ANN, JobQuery(2))
    rest = await stores.jobs.page(ANN, JobQuery(9, after=(first[-1].created, first[-1].id)))
    assert [job.id for job in (*first, *rest)] == ["j4", "j3", "j2", "j1", "j0"]
    assert [job.id for job in await stores.jobs.page(ANN, JobQuery(9, queue="reports"))] == ["j3", "j1"]
    assert await stores.jobs.page(ANN, JobQuery(9, state=State.RUNNING)) == []
    assert await stores.jobs.page(ANN, JobQuery(9, kind="other")) == []
    assert len(await stores.jobs.page(ADMIN, JobQuery(9))) == 6


async def test_only_one_of_many_workers_claims_a_job(stores: Stores) -> None:
    await stores.jobs.accept(new_job("a"))
    claims = await asyncio.gather(*(stores.claims.claim("a", f"w{n}", 60) for n in range(10)))
    [won] = [job for job in claims if job is not None]
    assert (won.state, won.token, won.attempt) == (State.RUNNING, 1, 1)
    assert won.started is not None
    assert await stores.claims.claim("missing", "w1", 60) is None


async def test_a_result_is_final(stores: Stores) -> None:
    claim = await stores.running(new_job("a"))
    ended = await stores.claims.settle(claim, Succeeded({"name": "$reports/1"}))
    assert (ended.state, ended.progress, ended.result) == (State.SUCCEEDED, 100, {"name": "$reports/1"})
    assert ended.ended is not None
    assert ended == await stores.job("a")
    with pytest.raises(Conflict):
        await stores.claims.settle(claim, Failed(LOST))
    assert await stores.claims.claim("a", "w2", 60) is None
    assert await stores.jobs.retry("a") is None
    assert await stores.jobs.cancel("a") == ended


async def test_a_failed_attempt_is_tried_again_when_it_is_due(stores: Stores) -> None:
    claim = await stores.running(new_job("a"))
    waiting = await stores.claims.settle(claim, Failed(LOST, retry_in=3600))
    assert (waiting.state, waiting.delayed, waiting.failures, waiting.failure) == (State.QUEUED, True, 1, LOST)
    assert waiting.ended is None
    assert await stores.claims.claim("a", "w1", 60) is None
    assert await stores.backlog.due(10) == []
    soon = await stores.running(new_job("b"))
    await stores.claims.settle(soon, Failed(LOST, retry_in=0))
    assert [job.id for job in await stores.backlog.due(10)] == ["b"]
    again = await stores.claims.claim("b", "w1", 60)
    assert again is not None
    assert (again.attempt, again.token, again.failures) == (2, 2, 1)


async def test_the_last_failure_parks_a_job_until_it_is_retried_by_hand(stores: Stores) -> None:
    claim = await stores.running(new_job("a"))
    await stores.claims.step(claim, Step("outline", State.SUCCEEDED, result=[1]))
    parked = await stores.claims.settle(claim, Failed(LOST))
    assert (parked.state, parked.failure, parked.failures) == (State.FAILED, LOST, 1)
    assert await stores.jobs.failed("reports", 10) == ["a"]
    fresh = await stores.jobs.retry("a")
    assert fresh is not None
    assert (fresh.state, fresh.failures, fresh.failure, fresh.ended) == (State.QUEUED, 0, None, None)
    assert [step.result for step in fresh.steps] == [[1]]


async def test_what_is_postponed_has_spent_no_attempt(stores: Stores) -> None:
    claim = await stores.running(new_job("a"))
    back = await stores.claims.settle(claim, Postponed())
    assert (back.state, back.delayed, back.attempt, back.failures, back.worker) == (State.QUEUED, False, 0, 0, "")
    again = await stores.claims.claim("a", "w2", 60)
    assert again is not None
    later = await stores.claims.settle(again.claim, Postponed(3600, "waits for a provider"))
    assert (later.delayed, later.message, later.attempt) == (True, "waits for a provider", 0)


async def test_who_lost_the_lease_is_refused(stores: Stores) -> None:
    old = await stores.running(new_job("a"), lease=0)
    assert [job.id for job in await stores.backlog.lapsed(3, 10)] == ["a"]
    new = await stores.claims.claim("a", "w1", 60)
    assert new is not None
    for refused in (
        stores.claims.settle(old, Succeeded()),
        stores.claims.report(old, 50, "half"),
        stores.claims.step(old, Step("s", State.RUNNING)),
    ):
        with pytest.raises(Conflict) as lost:
            await refused
        assert lost.value.reason is Reason.LEASE_LOST
    assert await stores.claims.renew([old], 60) == []
    assert (await stores.job("a")).claim == new.claim


async def test_a_renewed_lease_does_not_lapse(stores: Stores) -> None:
    claims = [await stores.running(new_job(name), lease=0) for name in ("a", "b")]
    standing = await stores.claims.renew(claims, 60)
    assert {each.claim for each in standing} == set(claims)
    assert await stores.backlog.lapsed(3, 10) == []
    assert {job.id for job in await stores.backlog.running()} == {"a", "b"}


async def test_a_job_whose_workers_die_is_quarantined(stores: Stores) -> None:
    await stores.jobs.accept(new_job("a"))
    for crash in (1, 2, 3):
        await stores.claims.claim("a", "w1", 0)
        [job] = await stores.backlog.lapsed(3, 10)
        assert (job.crashes, job.state) == (crash, State.QUEUED if crash < 3 else State.FAILED)
    assert job.quarantined
    assert job.failure is not None
    assert job.ended is not None
    retried = await stores.jobs.retry("a")
    assert retried is not None
    assert (retried.crashes, retried.quarantined) == (0, False)


async def test_progress_never_goes_back(stores: Stores) -> None:
    claim = await stores.running(new_job("a"))
    await stores.claims.report(claim, 40, "reading", ["page 1", "page 2"])
    await stores.claims.report(claim, 20, "")
    await stores.claims.report(claim, None, "still reading", ["page 3"])
    job = await stores.job("a")
    assert (job.progress, job.message, job.log) == (40, "still reading", ("page 1", "page 2", "page 3"))


async def test_steps_keep_their_order_and_their_results(stores: Stores) -> None:
    claim = await stores.running(new_job("a"))
    await stores.claims.step(claim, Step("one", State.RUNNING))
    await stores.claims.step(claim, Step("two", State.RUNNING, "$going"))
    await stores.claims.step(claim, Step("one", State.SUCCEEDED, result={"$pages": [1, 2]}))
    one, two = (await stores.job("a")).steps
    assert one == Step("one", State.SUCCEEDED, result={"$pages": [1, 2]})
    assert two == Step("two", State.RUNNING, "$going")


async def test_cancelling_ends_what_waits_and_asks_what_runs(stores: Stores) -> None:
    await stores.jobs.accept(new_job("waits", delay=60))
    cancelled = await stores.jobs.cancel("waits")
    assert cancelled is not None
    assert (cancelled.state, cancelled.delayed) == (State.CANCELLED, False)
    claim = await stores.running(new_job("runs"))
    asked = await stores.jobs.cancel("runs")
    assert asked is not None
    assert (asked.state, asked.cancel_requested is not None) == (State.RUNNING, True)
    [standing] = await stores.claims.renew([claim], 60)
    assert standing.cancel_requested
    assert (await stores.claims.settle(claim, Cancelled())).state is State.CANCELLED
    assert await stores.jobs.cancel("missing") is None


async def test_who_was_asked_to_stop_does_not_try_again(stores: Stores) -> None:
    claim = await stores.running(new_job("a"))
    await stores.jobs.cancel("a")
    ended = await stores.claims.settle(claim, Failed(LOST, retry_in=1))
    assert (ended.state, ended.delayed) == (State.CANCELLED, False)
    assert ended.ended is not None
    await stores.running(new_job("b"), lease=0)
    await stores.jobs.cancel("b")
    assert [job.state for job in await stores.backlog.lapsed(3, 10)] == [State.CANCELLED]


async def test_a_job_that_does_not_stop_is_cancelled_by_force(stores: Stores) -> None:
    claim = await stores.running(new_job("a"))
    await stores.jobs.cancel("a")
    assert await stores.backlog.overdue_cancels(3600, 10) == []
    [forced] = await stores.backlog.overdue_cancels(-1, 10)
    assert (forced.state, forced.ended is not None) == (State.CANCELLED, True)
    with pytest.raises(Conflict):
        await stores.claims.settle(claim, Succeeded())


async def test_what_waits_is_read_in_pages(stores: Stores) -> None:
    for name in ("a", "b", "c"):
        await stores.jobs.accept(new_job(name))
    await stores.jobs.accept(new_job("d", delay=3600))
    first = await stores.backlog.waiting("", 2)
    assert [ticket.job for ticket in first] == ["a", "b"]
    assert first[0] == (await stores.job("a")).ticket
    assert [ticket.job for ticket in await stores.backlog.waiting("b", 2)] == ["c"]


async def test_a_queue_is_counted_and_purged(stores: Stores) -> None:
    waiting = await stores.jobs.accept(new_job("waits"))
    await stores.jobs.accept(new_job("later", delay=3600))
    await stores.running(new_job("runs"))
    await stores.claims.settle(await stores.running(new_job("fails")), Failed(LOST))
    counts = await stores.queues.counts("reports")
    assert (counts.waiting, counts.delayed, counts.running, counts.failed, counts.ended) == (1, 1, 1, 1, 1)
    assert counts.oldest == waiting.created
    assert {job.id for job in await stores.jobs.purge("reports")} == {"waits", "later"}
    counts = await stores.queues.counts("reports")
    assert (counts.waiting, counts.delayed, counts.running, counts.oldest) == (0, 0, 1, None)


async def test_a_pause_is_remembered(stores: Stores) -> None:
    await stores.queues.set_paused("reports", paused=True)
    await stores.queues.set_paused("titles", paused=True)
    await stores.queues.set_paused("titles", paused=False)
    assert await stores.queues.paused() == {"reports"}


async def test_workers_are_alive_while_they_beat(stores: Stores) -> None:
    await stores.workers.beat(WorkerBeat("w1", "h", {"reports": 2}, ("a",)))
    await stores.workers.beat(WorkerBeat("w2", "h", {}, ()))
    await stores.workers.leave("w2")
    [alive] = await stores.workers.alive(60)
    assert replace(alive, beat=None) == WorkerBeat("w1", "h", {"reports": 2}, ("a",))
    assert await stores.workers.alive(-60) == []


async def test_one_dispatcher_leads(stores: Stores) -> None:
    takers = await asyncio.gather(*(stores.leadership.lead(f"d{n}", 60) for n in range(5)))
    assert sum(takers) == 1
    leader = f"d{takers.index(True)}"
    assert await stores.leadership.lead(leader, 0)
    assert await stores.leadership.lead("other", 60), "a lead that ran out is free"
    assert not await stores.leadership.lead(leader, 60)
    await stores.leadership.resign("other")
    assert await stores.leadership.lead(leader, 60)


async def test_schedules_remember_when_they_fired(stores: Stores) -> None:
    fired = datetime(2026, 1, 1, tzinfo=UTC)
    assert await stores.marks.last("nightly") is None
    await stores.marks.mark("nightly", fired)
    await stores.marks.mark("nightly", fired - timedelta(days=1))
    assert await stores.marks.last("nightly") == fired


async def test_a_job_commits_with_the_change_that_causes_it(mongodb_uri: str) -> None:
    client: Client = AsyncMongoClient(mongodb_uri, tz_aware=True)
    database = Database(client, f"jobs_{uuid.uuid4().hex[:8]}")
    await database.prepare()
    jobs, things = MongoJobs(database), client["things"]["things"]
    async with client.start_session() as session:
        async with await session.start_transaction():
            await things.insert_one({"_id": "kept"}, session=session)
            await jobs.accept(new_job("kept"), session)
        await session.start_transaction()
        await jobs.accept(new_job("rolled back"), session)
        await session.abort_transaction()
    assert await jobs.get("kept") is not None
    assert await jobs.get("rolled back") is None
    for name in (database.jobs.database.name, "things"):
        await client.drop_database(name)
    await client.close()
