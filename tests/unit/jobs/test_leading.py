"""The dispatcher is woken by what happens; what it was not told of it finds when it looks at everything."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from kit.auth.caller import Caller
from kit.jobs.dispatcher.chores import NEVER, Advancing, Chore, Rooms
from kit.jobs.dispatcher.governor import Governor
from kit.jobs.dispatcher.leader import Leader
from kit.jobs.dispatcher.releases import Releases
from kit.jobs.limits import Rate
from kit.jobs.memory.backlog import MemoryBacklog
from kit.jobs.memory.claims import MemoryClaims
from kit.jobs.memory.controls import MemoryQueueControls
from kit.jobs.memory.database import MemoryDatabase
from kit.jobs.memory.fleet import MemoryLeadership, MemoryWorkers
from kit.jobs.memory.health import MemoryChanges, MemoryHealth
from kit.jobs.memory.room import MemoryRoom
from kit.jobs.memory.signals import MemorySignals
from kit.jobs.memory.store import MemoryJobs
from kit.jobs.model import Submission
from kit.jobs.policies import Policies, Policy, Queue
from kit.jobs.ports import Rules, Signal, Topic
from kit.jobs.submitting import Jobs
from kit.jobs.switching import SignalledControls

ANN = Caller("school", "ann")
LINE = Queue("line", concurrency=8, per_worker=2)
TABLE = Policies([Policy("work", LINE)])
HOUR = 3600.0


class Deaf(MemorySignals):
    """Loses every signal, and does not notice."""

    async def received(self) -> AsyncGenerator[Signal, None]:
        await asyncio.Event().wait()
        yield Signal(Topic.EVERYTHING)


@dataclass
class Fleet:
    """Dispatchers over the same stores; none of them looks at anything by the clock unless it is told to."""

    signals: MemorySignals = field(default_factory=MemorySignals)
    sweep: float = HOUR
    look: float = HOUR

    def __post_init__(self) -> None:
        self.database, self.room = MemoryDatabase(), MemoryRoom()
        changes = MemoryChanges(self.signals)
        self.jobs = Jobs(MemoryJobs(self.database), self.room, changes, TABLE)
        self.claims = MemoryClaims(self.database)
        self.controls = SignalledControls(MemoryQueueControls(), self.signals)
        self.releases = Releases(
            MemoryBacklog(self.database), self.room, changes, max_crashes=3, cancel_grace=0, lease=1
        )
        self.leadership = MemoryLeadership()

    def line(self) -> list[str]:
        return self.room.line("line")

    def rules(self) -> Rules:
        return self.room._rooms["line"].rules or Rules(LINE, 0, paused=False)

    @asynccontextmanager
    async def leading(self, name: str = "one", lease: float = HOUR) -> AsyncIterator[Leader]:
        governor = Governor(
            TABLE, self.room, self.controls, MemoryWorkers(), MemoryHealth(), ahead=8, alive_within=HOUR
        )
        chores: list[Chore] = [
            Rooms(governor, self.releases, tick=HOUR, audit=self.sweep, sweep=self.sweep),
            Advancing(self.releases, tick=0.01, look=self.look),
        ]
        leader = Leader(name, self.leadership, self.signals, chores, lease=lease, tick=HOUR)
        running = asyncio.create_task(leader.run())
        try:
            yield leader
        finally:
            leader.stop()
            await running

    async def opened(self) -> None:
        await until(lambda: self.room._rooms["line"].rules is not None)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what is awaited is another task's doing
            await asyncio.sleep(0.001)


async def test_a_late_job_is_released_when_it_is_due_though_nobody_looks() -> None:
    fleet = Fleet()
    async with fleet.leading():
        await fleet.opened()
        job = await fleet.jobs.submit(ANN, Submission("work", delay=0.05))
        assert fleet.line() == []
        await until(lambda: fleet.line() == [job.id])
        assert datetime.now(UTC) >= job.due


async def test_a_lease_that_runs_out_is_noticed_without_a_signal() -> None:
    fleet = Fleet(Deaf(), look=0.05)
    async with fleet.leading():
        await fleet.opened()
        job = await fleet.jobs.submit(ANN, Submission("work"))
        fleet.line().clear()
        assert await fleet.claims.claim(job.id, "w", 0.05)
        await until(lambda: fleet.line() == [job.id])
        assert fleet.database.jobs[job.id].crashes == 1


async def test_a_queue_pauses_and_resumes_at_once() -> None:
    fleet = Fleet()
    async with fleet.leading():
        await fleet.opened()
        await fleet.controls.change(LINE, {"paused": True}, ANN)
        await until(lambda: bool(fleet.room._rooms["line"].rules and fleet.room._rooms["line"].rules.paused))
        job = await fleet.jobs.submit(ANN, Submission("work"))
        assert fleet.line() == []
        await fleet.controls.change(LINE, {"paused": False}, ANN)
        await until(lambda: fleet.line() == [job.id])


async def test_a_queue_is_limited_at_once() -> None:
    fleet = Fleet()
    async with fleet.leading():
        await fleet.opened()
        await fleet.controls.change(LINE, {"concurrency": 1}, ANN)
        await until(lambda: fleet.rules().limit == 1)
        jobs = [await fleet.jobs.submit(ANN, Submission("work")) for _ in range(4)]
        assert len(fleet.line()) == 1
        await fleet.controls.change(LINE, {"concurrency": 9, "rate": Rate(2, HOUR)}, ANN)
        await until(lambda: len(fleet.line()) == 3)
        assert fleet.rules().limit == 8, "what workers can take is the limit where it is less"
        await fleet.controls.change(LINE, {"rate": Rate(0, HOUR)}, ANN)
        await until(lambda: sorted(fleet.line()) == sorted(job.id for job in jobs))


async def test_limits_outlive_the_dispatcher_and_a_flushed_room() -> None:
    fleet = Fleet()
    async with fleet.leading():
        await fleet.controls.change(LINE, {"concurrency": 3}, ANN)
    async with fleet.leading("two"):
        await until(lambda: fleet.rules().limit == 3)
        fleet.room._rooms.clear()
        await fleet.signals.send(Signal(Topic.EVERYTHING))
        await until(lambda: fleet.rules().limit == 3)


async def test_what_no_signal_told_of_is_found_when_everything_is_looked_at() -> None:
    fleet = Fleet(Deaf(), sweep=0.02, look=0.02)
    async with fleet.leading():
        await fleet.opened()
        late = await fleet.jobs.submit(ANN, Submission("work", delay=0.01))
        never_entered = await fleet.jobs.accept(ANN, Submission("work"))
        assert never_entered.id not in fleet.line()
        await until(lambda: sorted(fleet.line()) == sorted([late.id, never_entered.id]))
        await fleet.controls.change(LINE, {"paused": True}, ANN)
        await until(lambda: bool(fleet.room._rooms["line"].rules and fleet.room._rooms["line"].rules.paused))


async def test_a_room_that_was_flushed_is_filled_after_the_next_reconnection() -> None:
    fleet = Fleet()
    async with fleet.leading():
        await fleet.opened()
        job = await fleet.jobs.submit(ANN, Submission("work"))
        fleet.room._rooms.clear()
        assert fleet.line() == []
        await fleet.signals.send(Signal(Topic.EVERYTHING))
        await until(lambda: fleet.line() == [job.id])


async def test_a_standby_follows_at_once_when_the_leader_resigns() -> None:
    fleet = Fleet()
    async with fleet.leading("one"):
        await fleet.opened()
        async with fleet.leading("two"):
            await until(lambda: len(fleet.signals._listeners) == 2)
            fleet.leadership._holder = ""
            assert fleet.leadership._holder != "two"
            await fleet.signals.send(Signal(Topic.LEAD))
            await until(lambda: fleet.leadership._holder == "two")


async def test_a_signal_wakes_only_whom_it_concerns() -> None:
    fleet = Fleet()
    advancing = Advancing(fleet.releases, tick=0.01, look=HOUR)
    assert advancing.heard(Signal(Topic.ENDED)) == NEVER
    assert advancing.heard(Signal(Topic.EVERYTHING)) == 0
    soon = advancing.heard(Signal(Topic.DUE, due=datetime.now(UTC)))
    assert soon <= 0.01
