"""Real worker processes over real Redis and MongoDB: what runs, what is tried again, what happens when one dies."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, use_span

from bench.jobs.plant import PLANT, QUICK, SLOW
from kit.auth.caller import Caller, Role
from kit.errors import Reason
from kit.jobs.dispatcher.app import lead
from kit.jobs.memory.health import MemoryHealth
from kit.jobs.model import Job, State, Submission
from kit.jobs.mongo.controls import MongoQueueControls
from kit.jobs.mongo.store import MongoJobs
from kit.jobs.opening import Grounds, open_grounds
from kit.jobs.settings import DispatcherSettings
from kit.jobs.submitting import Jobs
from kit.jobs.switching import SignalledControls
from tests.servers import free_port, started

ANN, BOB = Caller("school", "ann"), Caller("school", "bob")
ADMIN = Caller("school", "eve", frozenset({Role.ADMIN}))
ROOT = Path(__file__).parents[2]
SECONDS = 60.0
CONSUMER = "SpanKind.CONSUMER"

pytestmark = pytest.mark.timeout(180)


@dataclass
class Site:
    """A dispatcher in this process, and workers in their own."""

    settings: DispatcherSettings
    grounds: Grounds
    jobs: Jobs
    log: Path
    health: MemoryHealth = field(default_factory=MemoryHealth)

    def __post_init__(self) -> None:
        self.store = MongoJobs(self.grounds.database)
        self.made = self.grounds.database.client[self.settings.jobs_database]

    @contextmanager
    def worker(self, **settings: object) -> Iterator[subprocess.Popen[bytes]]:
        names = {f"LECTERN_{name.upper()}": str(value) for name, value in settings.items()}
        env = {
            **os.environ,
            "PYTHONPATH": f"{ROOT}:{ROOT / 'gen'}",
            "REDIS_URL": self.settings.redis_url,
            "MONGODB_URI": self.settings.mongodb_uri,
            "LECTERN_JOBS_DATABASE": self.settings.jobs_database,
            "LECTERN_JOB_LEASE_SECONDS": str(self.settings.job_lease_seconds),
            "LECTERN_DRAIN_SECONDS": "0.2",
            **names,
        }
        with started([sys.executable, "-m", "bench.jobs.plant"], self.log, env) as process:
            yield process

    async def submit(self, kind: str, caller: Caller = ANN, delay: float = 0.0, **payload: object) -> Job:
        return await self.jobs.submit(caller, Submission(kind, payload, delay=delay))

    async def job(self, job: Job) -> Job:
        found = await self.store.get(job.id)
        assert found is not None
        return found

    async def ended(self, job: Job) -> Job:
        await until(lambda: self._has_ended(job))
        return await self.job(job)

    async def running(self, job: Job) -> Job:
        """The job once its first step is done, and it holds."""

        async def holds() -> bool:
            return (await self.job(job)).message == "holding"

        await until(holds)
        return await self.job(job)

    async def let_go(self, job: Job) -> None:
        await self.made["flags"].insert_one({"_id": job.id})

    async def runs(self, job: Job) -> int:
        return int(await self.made["runs"].count_documents({"job": job.id}))

    async def _has_ended(self, job: Job) -> bool:
        return (await self.job(job)).state.ended


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(SECONDS):
        while not await condition():  # noqa: ASYNC110 - the condition is another process's doing
            await asyncio.sleep(0.02)


@pytest.fixture
async def site(redis_url: str, mongodb_uri: str, tmp_path: Path) -> AsyncIterator[Site]:
    settings = DispatcherSettings(
        redis_url=redis_url,
        mongodb_uri=mongodb_uri,
        jobs_database=f"jobs_{uuid.uuid4().hex[:8]}",
        job_lease_seconds=2,
        jobs_start_seconds=2,
        dispatcher_tick_seconds=0.05,
        dispatcher_audit_seconds=0.5,
        dispatcher_sweep_seconds=0.5,
    )
    async with AsyncExitStack() as stack:
        grounds = await open_grounds(settings, stack)
        await grounds.redis.flushall()
        made = Site(
            settings, grounds, Jobs(MongoJobs(grounds.database), grounds.room, grounds.changes, PLANT), tmp_path / "log"
        )
        stack.push_async_callback(grounds.database.client.drop_database, settings.jobs_database)
        await lead(settings, stack, PLANT, made.health)
        yield made


async def test_attempts_at_a_job_stand_in_one_trace_and_each_is_linked_to_the_one_before(
    site: Site, tmp_path: Path
) -> None:
    trace, asked = 0x0AF7651916CD43DD8448EB211C80319C, 0xB7AD6B7169203331
    submitter = SpanContext(trace, asked, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
    with site.worker(trace_file=tmp_path / "spans"):
        with use_span(NonRecordingSpan(submitter)):
            traced = await site.submit("fail", how="once")
        plain = await site.submit("fail", how="once")
        for job in (traced, plain):
            assert (await site.ended(job)).attempt == 2

    def attempts(job: Job) -> list[dict[str, Any]]:
        spans = map(json.loads, (tmp_path / "spans").read_text().splitlines())
        return [span for span in spans if span["attributes"].get("lectern.job") == job.id and span["kind"] == CONSUMER]

    for job in (traced, plain):
        first, second = attempts(job)
        ids = [span["context"]["trace_id"] for span in (first, second)]
        assert ids[0] == ids[1]
        assert [span["attributes"]["lectern.job.attempt"] for span in (first, second)] == [1, 2]
        assert [span["status"]["status_code"] for span in (first, second)] == ["ERROR", "UNSET"]
        assert first["links"] == []
        [link] = second["links"]
        assert link["context"]["span_id"] == first["context"]["span_id"]
        assert link["context"]["trace_id"] == first["context"]["trace_id"]
    assert {span["context"]["trace_id"] for span in attempts(traced)} == {f"0x{trace:032x}"}
    assert {span["parent_id"] for span in attempts(traced)} == {f"0x{asked:016x}"}
    assert {span["parent_id"] for span in attempts(plain)} == {None}


async def test_jobs_run_and_failures_are_tried_again(site: Site) -> None:
    with site.worker():
        good = await site.submit("mark")
        once = await site.submit("fail", how="once")
        never = await site.submit("fail", how="always")
        final = await site.submit("fail", how="for good")
        slow = await site.submit("fail", how="too slow")
        later = await site.submit("mark", delay=0.2)
        done = await site.ended(good)
        assert (done.state, done.result, done.attempt, done.progress) == (State.SUCCEEDED, {"marked": good.id}, 1, 100)
        again = await site.ended(once)
        assert (again.state, again.attempt, again.failures, again.failure) == (State.SUCCEEDED, 2, 1, None)
        parked = await site.ended(never)
        assert (parked.state, parked.attempt, await site.runs(never)) == (State.FAILED, 3, 3)
        assert parked.failure is not None
        assert parked.failure.reason == Reason.DEPENDENCY_UNAVAILABLE
        refused = await site.ended(final)
        assert (refused.state, refused.attempt) == (State.FAILED, 1)
        late = await site.ended(slow)
        assert late.failure is not None
        assert late.failure.reason == Reason.DEADLINE_EXCEEDED
        assert (await site.ended(later)).state is State.SUCCEEDED


async def test_a_running_job_is_cancelled(site: Site) -> None:
    with site.worker():
        job = await site.submit("hold")
        await site.running(job)
        asked = await site.jobs.cancel(ANN, job.id)
        assert asked.state is State.RUNNING
        assert (await site.ended(job)).state is State.CANCELLED
        retried = await site.jobs.retry(ANN, job.id)
        assert retried.state is State.QUEUED
        await site.let_go(job)
        assert (await site.ended(job)).state is State.SUCCEEDED
        assert await site.runs(job) == 1, "the finished step was kept"


async def test_a_worker_that_is_told_to_end_hands_back_what_it_holds(site: Site) -> None:
    with site.worker() as first:
        job = await site.submit("hold")
        before = await site.running(job)
        first.terminate()
        first.wait(30)
    with site.worker():
        await site.let_go(job)
        after = await site.ended(job)
        assert (after.state, after.attempt, after.crashes) == (State.SUCCEEDED, 1, 0)
        assert after.token == before.token + 1
        assert await site.runs(job) == 1


async def test_a_job_outlives_the_worker_that_dies(site: Site) -> None:
    with site.worker() as keeper:
        job = await site.submit("hold")
        await site.running(job)
        [child] = psutil.Process(keeper.pid).children()
        child.kill()

        async def crashed() -> bool:
            return (await site.job(job)).crashes == 1

        await until(crashed)
        await site.let_go(job)
        after = await site.ended(job)
        assert (after.state, after.attempt) == (State.SUCCEEDED, 2)


async def test_a_job_that_kills_its_workers_is_quarantined(site: Site) -> None:
    with site.worker():
        job = await site.ended(await site.submit("fail", how="crash"))
        assert (job.state, job.crashes, job.quarantined) == (State.FAILED, 3, True)
        assert (await site.ended(await site.submit("mark"))).state is State.SUCCEEDED


async def test_who_slept_past_the_lease_is_refused(site: Site) -> None:
    with site.worker() as keeper:
        job = await site.submit("hold")
        before = await site.running(job)
        [sleeper] = psutil.Process(keeper.pid).children()
        os.kill(sleeper.pid, signal.SIGSTOP)
        with site.worker():

            async def moved() -> bool:
                return (await site.job(job)).token > before.token

            await until(moved)
            os.kill(sleeper.pid, signal.SIGCONT)
            await site.let_go(job)
            after = await site.ended(job)
        assert await site.runs(job) == 1, "the finished step was not done again"
    assert (after.state, after.token) == (State.SUCCEEDED, before.token + 1)


async def test_a_worker_restarts_its_process_after_so_many_jobs(site: Site) -> None:
    async def third_process() -> bool:
        for job in [await site.submit("mark") for _ in range(5)]:
            assert (await site.ended(job)).state is State.SUCCEEDED
        return len(await site.made["runs"].distinct("pid")) >= 3

    port = free_port()

    async def metrics_are_told() -> bool:
        """By a successor: the first process has left."""
        try:
            async with httpx.AsyncClient(trust_env=False) as client:
                told = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
        except httpx.TransportError:
            return False
        if "lectern_jobs_total" not in told:  # it has run none yet
            await site.ended(await site.submit("mark"))
        return "lectern_jobs_total" in told

    with site.worker(jobs_per_process=5, metrics_listen=f"127.0.0.1:{port}") as keeper:
        await until(third_process)
        assert keeper.poll() is None
        await until(metrics_are_told)


async def test_nothing_is_lost_when_redis_is_flushed(site: Site) -> None:
    with site.worker():
        held = await site.submit("hold")
        await site.running(held)
        jobs = [await site.submit("mark", pause=0.01) for _ in range(60)]
        await site.grounds.redis.flushall()
        for job in jobs:
            assert (await site.ended(job)).state is State.SUCCEEDED
        await site.let_go(held)
        assert (await site.ended(held)).attempt == 1, "what ran went on"


async def test_a_paused_queue_keeps_its_jobs(site: Site) -> None:
    controls = MongoQueueControls(site.grounds.database)
    with site.worker():
        assert (await site.ended(await site.submit("mark"))).state is State.SUCCEEDED
        await controls.change(QUICK, {"paused": True}, ADMIN)

        async def paused() -> bool:
            return await site.grounds.redis.hget("jobs:quick:rules", "paused") == b"1"

        await until(paused)
        job = await site.submit("mark")
        other = await site.ended(await site.submit("mark_single"))
        assert other.state is State.SUCCEEDED
        assert (await site.job(job)).state is State.QUEUED
        await controls.change(QUICK, {"paused": False}, ADMIN)
        assert (await site.ended(job)).state is State.SUCCEEDED


async def test_a_limit_holds_at_once_over_the_fleet_and_through_a_flush(site: Site) -> None:
    controls = SignalledControls(MongoQueueControls(site.grounds.database), site.grounds.signals)
    redis = site.grounds.redis

    async def limited() -> bool:
        return await redis.hget("jobs:slow:rules", "limit") == b"1"

    async def one_holds() -> bool:
        return any([(await site.job(job)).message == "holding" for job in jobs])

    async def both_run() -> bool:
        return await states() == [State.RUNNING, State.RUNNING]

    async def states() -> list[State]:
        return sorted([(await site.job(job)).state for job in jobs])

    with site.worker(), site.worker():
        await controls.change(SLOW, {"concurrency": 1}, ADMIN)
        await until(limited)
        jobs = [await site.submit("hold") for _ in range(2)]
        await until(one_holds)  # either: what no worker starts in time goes back to the end of its line
        await redis.flushall()
        await until(limited)
        assert (await site.ended(await site.submit("mark"))).state is State.SUCCEEDED
        assert await states() == [State.QUEUED, State.RUNNING]
        await controls.change(SLOW, {"concurrency": None}, ADMIN)
        await until(both_run)
        for job in jobs:
            await site.let_go(job)
            assert (await site.ended(job)).state is State.SUCCEEDED


async def test_jobs_wait_for_their_provider_without_spending_attempts(site: Site) -> None:
    site.health.missing.add("models")

    async def held() -> bool:
        return await site.grounds.redis.hget("jobs:held:rules", "paused") == b"1"

    await until(held)
    with site.worker():
        jobs = [await site.submit("mark_held") for _ in range(3)]
        assert (await site.ended(await site.submit("mark"))).state is State.SUCCEEDED
        assert {(await site.job(job)).state for job in jobs} == {State.QUEUED}
        site.health.missing.clear()
        for job in jobs:
            assert (await site.ended(job)).attempt == 1


async def test_one_job_waits_for_at_most_two_of_another_user(site: Site) -> None:
    for _ in range(300):
        await site.submit("mark_single", ANN)
    with site.worker():
        runs = site.made["runs"]

        async def under_way() -> bool:
            return bool(await runs.count_documents({}) >= 5)

        await until(under_way)
        before = await runs.count_documents({})
        lone = await site.submit("mark_single", BOB)
        await site.ended(lone)
        order = [row["user"] async for row in runs.find().sort("_id", 1)]
    # Those that start while the lone job is being submitted are not waited for.
    assert order.index("bob") - before <= 2 + 2


async def test_a_rate_holds_over_the_fleet(site: Site) -> None:
    with site.worker(), site.worker():
        await site.ended(await site.submit("mark"))  # what is released while nobody works counts too
        jobs = [await site.submit("mark_rated") for _ in range(5)]
        for job in jobs[:3]:
            assert (await site.ended(job)).state is State.SUCCEEDED
        assert (await site.ended(await site.submit("mark"))).state is State.SUCCEEDED
        assert {(await site.job(job)).state for job in jobs[3:]} == {State.QUEUED}
