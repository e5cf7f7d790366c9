"""Jobs while queues are switched off, over in-memory stores."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from kit.auth.caller import Caller
from kit.errors import FailedPrecondition, Reason, Unavailable
from kit.jobs.inline import InlineJobs
from kit.jobs.memory.claims import MemoryClaims
from kit.jobs.memory.database import MemoryDatabase
from kit.jobs.memory.health import MemoryChanges
from kit.jobs.memory.store import MemoryJobs
from kit.jobs.model import Job, State, Submission
from kit.jobs.policies import Policies, Policy, Queue
from kit.jobs.work import Actors, Work

ANN = Caller("school", "ann")
LINE = Queue("line", concurrency=8, per_worker=2)
TABLE = Policies([Policy("light", LINE, light=True), Policy("elsewhere", LINE, light=True), Policy("heavy", LINE)])


@dataclass
class Bench:
    """Inline jobs of one process, whose actor waits for its gate where it is told to."""

    database: MemoryDatabase = field(default_factory=MemoryDatabase)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    begun: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        actors = Actors()
        actors.add("light", self._run)
        store, claims = MemoryJobs(self.database), MemoryClaims(self.database)
        self.jobs = InlineJobs(store, claims, MemoryChanges(), TABLE, actors)

    async def _run(self, work: Work) -> Mapping[str, Any]:
        self.begun.set()
        if work.payload.get("fails"):
            raise Unavailable("not now")
        if work.payload.get("waits"):
            await self.gate.wait()
        return {"ran": work.payload.get("number", 0)}

    async def ended(self, job: Job) -> Job:
        while not self.database.jobs[job.id].attempt or self.database.jobs[job.id].state is State.RUNNING:  # noqa: ASYNC110
            await asyncio.sleep(0)
        return self.database.jobs[job.id]


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    made = Bench()
    yield made
    await made.jobs.close()


async def test_a_light_job_runs_beside_the_call_that_submits_it(bench: Bench) -> None:
    job = await bench.jobs.submit(ANN, Submission("light", {"number": 7, "waits": True}, key="k"))
    again = await bench.jobs.submit(ANN, Submission("light", key="k"))
    assert (job.state, again.id) == (State.QUEUED, job.id)
    bench.gate.set()
    done = await bench.ended(job)
    assert (done.state, done.attempt, done.result) == (State.SUCCEEDED, 1, {"ran": 7})


async def test_what_is_due_later_runs_later(bench: Bench) -> None:
    job = await bench.jobs.submit(ANN, Submission("light", delay=0.01))
    assert (await bench.ended(job)).state is State.SUCCEEDED


@pytest.mark.parametrize("kind", ["heavy", "elsewhere"])
async def test_what_is_not_light_or_not_of_this_process_is_refused(bench: Bench, kind: str) -> None:
    with pytest.raises(FailedPrecondition) as refused:
        await bench.jobs.submit(ANN, Submission(kind))
    assert refused.value.reason == Reason.QUEUES_DISABLED
    assert bench.database.jobs == {}


async def test_a_job_that_fails_waits_for_queues(bench: Bench) -> None:
    job = await bench.jobs.submit(ANN, Submission("light", {"fails": True}))
    failed = await bench.ended(job)
    assert (failed.state, failed.delayed, failed.failures) == (State.QUEUED, True, 1)
    with pytest.raises(FailedPrecondition):
        await bench.jobs.retry(ANN, job.id)


async def test_a_process_that_ends_hands_back_what_it_runs(bench: Bench) -> None:
    running = await bench.jobs.submit(ANN, Submission("light", {"waits": True}))
    later = await bench.jobs.submit(ANN, Submission("light", delay=60))
    await bench.begun.wait()
    await bench.jobs.close()
    states = {job.id: (job.state, job.attempt) for job in bench.database.jobs.values()}
    assert states == {running.id: (State.QUEUED, 0), later.id: (State.QUEUED, 0)}
