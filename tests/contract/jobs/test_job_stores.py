"""Jobs as their users and the dispatcher see them, in MongoDB and in memory."""

import asyncio
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pymongo import AsyncMongoClient

from kit.auth.caller import Caller
from kit.jobs.model import Failed, State
from kit.jobs.mongo.database import Database
from kit.jobs.mongo.store import MongoJobs
from kit.jobs.ports import JobQuery, WorkerBeat
from kit.mongo import Client
from tests.contract.jobs.conftest import ADMIN, ANN, BOB, ELSEWHERE, LOST, Stores, new_job


async def test_the_same_job_is_kept_once(stores: Stores) -> None:
    job = new_job("a")
    kept = await asyncio.gather(*(stores.jobs.accept(replace(job, payload={"n": n})) for n in range(10)))
    assert len({found.payload["n"] for found in kept}) == 1
    assert await stores.jobs.get("a") == kept[0]


async def test_jobs_that_arrive_together_are_each_kept_once(stores: Stores) -> None:
    before = await stores.jobs.accept(new_job("a"))
    again, fresh = replace(before, payload={"n": 1}), replace(new_job("b"), payload={"n": 2})
    kept = await stores.jobs.accept_all([again, fresh, replace(fresh, payload={"n": 3})])
    assert kept == [before, fresh, fresh]
    assert [await stores.job("a"), await stores.job("b")] == [before, fresh]
    assert await stores.jobs.accept_all([again, fresh]) == [before, fresh]


async def test_readers_of_one_moment_see_what_is_theirs_alone(stores: Stores) -> None:
    for name, caller in (("a", ANN), ("b", BOB), ("c", Caller("other", "ann"))):
        await stores.jobs.accept(new_job(name, caller))
    asked = [(caller, name) for caller in (ANN, BOB, ADMIN, ELSEWHERE) for name in ("a", "b", "c", "missing")]
    found = await asyncio.gather(*(stores.jobs.find(caller, name) for caller, name in asked))
    seen = {(caller, job.id) for (caller, _), job in zip(asked, found, strict=True) if job is not None}
    assert seen == {(ANN, "a"), (BOB, "b"), (ADMIN, "a"), (ADMIN, "b"), (ELSEWHERE, "c")}


async def test_a_reader_sees_what_was_written_before_it_asked(stores: Stores) -> None:
    await stores.jobs.accept(new_job("a"))
    asked = [asyncio.create_task(stores.jobs.find(ANN, "a")) for _ in range(3)]
    await asyncio.sleep(0)
    await stores.claims.claim("a", "w1", 60)
    found = await stores.jobs.find(ANN, "a")
    assert found is not None
    assert found.state is State.RUNNING
    await asyncio.gather(*asked)


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


async def test_what_waits_is_read_in_pages(stores: Stores) -> None:
    for name in ("a", "b", "c"):
        await stores.jobs.accept(new_job(name))
    await stores.jobs.accept(new_job("d", delay=3600))
    first = await stores.backlog.waiting("", 2)
    assert [ticket.job for ticket in first] == ["a", "b"]
    assert first[0] == (await stores.job("a")).ticket
    assert [ticket.job for ticket in await stores.backlog.waiting("b", 2)] == ["c"]


async def test_the_next_change_is_the_first_of_all(stores: Stores) -> None:
    assert await stores.backlog.next_change(15) is None
    await stores.jobs.accept(new_job("waits"))
    assert await stores.backlog.next_change(15) is None
    late = await stores.jobs.accept(new_job("late", delay=3600))
    assert await stores.backlog.next_change(15) == late.due
    claim = await stores.running(new_job("runs"), lease=600)
    assert await stores.backlog.next_change(15) == (await stores.job("runs")).leased_until
    await stores.jobs.cancel("runs")
    asked = (await stores.job("runs")).cancel_requested
    assert asked is not None
    assert await stores.backlog.next_change(15) == asked + timedelta(seconds=15)
    await stores.claims.settle(claim, Failed(LOST))
    assert await stores.backlog.next_change(15) == late.due


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
