"""The dispatcher's decisions and the submitter's, over in-memory stores."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from kit.auth.caller import Caller
from kit.errors import FailedPrecondition, InvalidArgument, NotFound, Unavailable
from kit.jobs.dispatcher.cron import Cron
from kit.jobs.dispatcher.governor import Governor
from kit.jobs.dispatcher.releases import Releases
from kit.jobs.dispatcher.schedules import Schedule, Schedules
from kit.jobs.memory.backlog import MemoryBacklog
from kit.jobs.memory.claims import MemoryClaims
from kit.jobs.memory.controls import MemoryQueueControls
from kit.jobs.memory.database import MemoryDatabase
from kit.jobs.memory.fleet import MemoryScheduleMarks, MemoryWorkers
from kit.jobs.memory.health import MemoryChanges, MemoryHealth
from kit.jobs.memory.room import MemoryRoom
from kit.jobs.memory.store import MemoryJobs
from kit.jobs.model import Failed, Failure, Job, State, Submission
from kit.jobs.policies import POLICIES, Policies, Policy, Queue
from kit.jobs.ports import WorkerBeat
from kit.jobs.submitting import Jobs
from kit.jobs.work import Work

ANN = Caller("school", "ann")
LINE = Queue("line", concurrency=8, per_worker=2, needs="models")
TABLE = Policies([Policy("work", LINE)])
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@dataclass
class System:
    database: MemoryDatabase
    room: MemoryRoom
    changes: MemoryChanges
    controls: MemoryQueueControls
    workers: MemoryWorkers
    health: MemoryHealth

    def __post_init__(self) -> None:
        self.jobs = Jobs(MemoryJobs(self.database), self.room, self.changes, TABLE)
        self.claims = MemoryClaims(self.database)
        self.governor = Governor(TABLE, self.room, self.controls, self.workers, self.health, ahead=2, alive_within=60)
        backlog = MemoryBacklog(self.database)
        self.releases = Releases(backlog, self.room, self.changes, max_crashes=3, cancel_grace=0, lease=60)

    def line(self) -> list[str]:
        return self.room.line("line")

    async def claimed(self, job: Job, lease: float = 60) -> Job:
        claimed = await self.claims.claim(job.id, "w", lease)
        assert claimed is not None
        return claimed


@pytest.fixture
def system() -> System:
    database = MemoryDatabase()
    fleet = MemoryQueueControls(), MemoryWorkers(), MemoryHealth()
    return System(database, MemoryRoom(), MemoryChanges(), *fleet)


async def test_workers_decide_how_many_are_released(system: System) -> None:
    await system.governor.govern()
    for _ in range(20):
        await system.jobs.submit(ANN, Submission("work"))
    assert len(system.line()) == 2, "without workers two wait for the first one"
    await system.workers.beat(WorkerBeat("w1", "h", {"line": 2}, ()))
    await system.governor.govern()
    assert len(system.line()) == 4
    await system.workers.beat(WorkerBeat("w2", "h", {"line": 20}, ()))
    await system.governor.govern()
    assert len(system.line()) == LINE.concurrency
    assert system.governor.depths["line"].waiting == 12


async def test_a_provider_that_comes_back_is_met_gently(system: System) -> None:
    await system.workers.beat(WorkerBeat("w1", "h", {"line": 8}, ()))
    system.health.missing.add("models")
    await system.governor.govern()
    for _ in range(5):
        await system.jobs.submit(ANN, Submission("work"))
    assert system.line() == []
    system.health.missing.clear()
    await system.governor.govern()
    assert len(system.line()) == 1


async def test_a_provider_on_trial_is_tried_by_one(system: System) -> None:
    await system.workers.beat(WorkerBeat("w1", "h", {"line": 8}, ()))
    system.health.on_trial.add("models")
    await system.governor.govern()
    for _ in range(3):
        await system.jobs.submit(ANN, Submission("work"))
    await system.governor.govern()
    assert len(system.line()) == 1


async def test_the_same_key_is_the_same_job(system: System) -> None:
    first = await system.jobs.submit(ANN, Submission("work", key="turn-1"))
    again = await system.jobs.submit(ANN, Submission("work", {"other": 1}, key="turn-1"))
    theirs = await system.jobs.submit(Caller("other", "ann"), Submission("work", key="turn-1"))
    assert first == again
    assert theirs.id != first.id
    with pytest.raises(InvalidArgument):
        await system.jobs.submit(ANN, Submission("unknown"))


async def test_only_ones_own_jobs_are_steered(system: System) -> None:
    job = await system.jobs.submit(ANN, Submission("work"))
    with pytest.raises(NotFound):
        await system.jobs.cancel(Caller("school", "bob"), job.id)
    with pytest.raises(FailedPrecondition):
        await system.jobs.retry(ANN, job.id)
    assert (await system.jobs.cancel(ANN, job.id)).state is State.CANCELLED
    assert await system.room.missing("line", [job.id]) == [job.id]


async def test_failed_jobs_are_retried_together(system: System) -> None:
    await system.governor.govern()
    for _ in range(3):
        job = await system.claimed(await system.jobs.submit(ANN, Submission("work")))
        await system.claims.settle(job.claim, Failed(Failure("INTERNAL", "no")))
        await system.room.leave("line", [job.id])
    assert await system.jobs.retry_failed("line") == 3
    assert await system.jobs.purge("line") == 3


async def test_a_flushed_room_is_filled_again(system: System) -> None:
    await system.governor.govern()
    jobs = [await system.jobs.submit(ANN, Submission("work")) for _ in range(5)]
    running = await system.claimed(jobs[0])
    system.room._rooms.clear()
    assert await system.governor.flushed()
    assert await system.releases.audit() == 4
    await system.governor.govern()
    assert running.id not in system.line()
    assert len(system.line()) == 1, "the running job holds its slot"


async def test_what_a_dead_worker_left_is_released_again(system: System) -> None:
    await system.governor.govern()
    job = await system.jobs.submit(ANN, Submission("work"))
    system.line().clear()
    await system.claimed(job, lease=0)
    await system.releases.advance()
    assert system.line() == [job.id]
    assert job.id in system.changes.jobs


async def test_a_late_job_waits_for_its_time(system: System) -> None:
    await system.governor.govern()
    later = await system.jobs.submit(ANN, Submission("work", delay=3600))
    await system.releases.advance()
    assert (later.delayed, system.line()) == (True, [])


async def test_steps_fan_out_and_finished_ones_are_kept(system: System) -> None:
    done: list[str] = []
    job = await system.claimed(await system.jobs.submit(ANN, Submission("work")))

    def step(name: str, fails: bool = False) -> Callable[[], Awaitable[str]]:
        async def run() -> str:
            if fails:
                raise Unavailable("not now")
            done.append(name)
            return name.upper()

        return run

    with pytest.raises(Unavailable):
        await Work(job, system.claims, system.changes).fan_out(
            {"a": step("a"), "b": step("b"), "c": step("c", fails=True)}, at_once=1
        )
    kept = system.database.jobs[job.id]
    assert {each.name: each.state for each in kept.steps}["c"] is State.FAILED
    results = await Work(kept, system.claims, system.changes).fan_out(
        {"a": step("a"), "b": step("b"), "c": step("c")}, at_once=3
    )
    assert results == {"a": "A", "b": "B", "c": "C"}
    assert sorted(done) == ["a", "b", "c"]


async def test_a_schedule_fires_once_for_each_time(system: System) -> None:
    now = NOON
    schedule = Schedule("hourly", Cron.parse("0 * * * *"), Submission("work"), ANN)
    marks = MemoryScheduleMarks()
    schedules = [Schedules([schedule], marks, system.jobs, lambda: now) for _ in range(2)]
    await schedules[0].fire()
    assert system.database.jobs == {}
    now = NOON + timedelta(hours=3, minutes=5)
    for each in (*schedules, *schedules):
        await each.fire()
    [job] = system.database.jobs.values()
    assert job.key == "hourly@2026-03-02T15:00:00+00:00"


@pytest.mark.parametrize(
    ("expression", "time", "meant"),
    [
        ("* * * * *", NOON, True),
        ("*/15 8-18 * * 1-5", NOON, True),
        ("*/15 8-18 * * 1-5", NOON + timedelta(minutes=10), False),
        ("0 12 * * 0", NOON, False),
        ("0 12 1 * 7", NOON - timedelta(days=1), True),
        ("0 12 15 * 1", NOON, True),
        ("0 12 2 3,6 *", NOON, True),
        ("0 12 2 4 *", NOON, False),
        ("5/20 * * * *", NOON + timedelta(minutes=45), True),
    ],
)
def test_cron_means_minutes(expression: str, time: datetime, meant: bool) -> None:
    assert Cron.parse(expression).matches(time) is meant


@pytest.mark.parametrize("expression", ["", "* * * *", "60 * * * *", "5-1 * * * *", "*/0 * * * *", "a * * * *"])
def test_what_is_no_cron_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Cron.parse(expression)


def test_the_table_keeps_its_promises() -> None:
    reports = POLICIES.of("generate_report")
    assert reports.queue.rate is not None
    assert (reports.queue.concurrency, reports.queue.rate.count, reports.queue.rate.seconds) == (5, 10, 60)
    assert [reports.pause_after(failures) for failures in (1, 2, 3, 4)] == [2, 4, 8, 8]
    assert POLICIES.of("ingest_document").queue.per_worker == 3
    assert POLICIES.of("run_turn").queue.concurrency == 10
    light = [POLICIES.of(kind).priority for kind in ("generate_title", "record_analytics")]
    assert max(light) < POLICIES.of("preload_course").priority
