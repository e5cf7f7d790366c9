"""Queues, workers, the lead and the schedules, in memory."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from kit.jobs.memory.database import MemoryDatabase
from kit.jobs.model import Job, State
from kit.jobs.ports import QueueCounts, WorkerBeat


class MemoryQueueCensus:
    """How many jobs queues hold."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._jobs = database.jobs

    async def counts(self, queue: str) -> QueueCounts:
        jobs = [job for job in self._jobs.values() if job.queue == queue]
        waiting = [job for job in jobs if job.state is State.QUEUED and not job.delayed]
        lately = datetime.now(UTC) - timedelta(minutes=1)
        return QueueCounts(
            waiting=len(waiting),
            running=_count(jobs, State.RUNNING),
            delayed=_count(jobs, State.QUEUED) - len(waiting),
            failed=_count(jobs, State.FAILED),
            succeeded=_count(jobs, State.SUCCEEDED),
            ended=sum(job.ended is not None and job.ended >= lately for job in jobs),
            oldest=min((job.created for job in waiting), default=None),
        )


class MemoryWorkers:
    """Worker processes that gave a sign of life."""

    def __init__(self) -> None:
        self._workers: dict[str, WorkerBeat] = {}

    async def beat(self, worker: WorkerBeat) -> None:
        self._workers[worker.id] = replace(worker, beat=datetime.now(UTC))

    async def leave(self, worker: str) -> None:
        self._workers.pop(worker, None)

    async def alive(self, within: float) -> list[WorkerBeat]:
        since = datetime.now(UTC) - timedelta(seconds=within)
        return [worker for _, worker in sorted(self._workers.items()) if worker.beat and worker.beat > since]


class MemoryLeadership:
    """One holder at a time."""

    def __init__(self) -> None:
        self._holder = ""
        self._until = datetime.min.replace(tzinfo=UTC)

    async def lead(self, holder: str, lease: float) -> bool:
        now = datetime.now(UTC)
        if self._holder not in ("", holder) and now < self._until:
            return False
        self._holder, self._until = holder, now + timedelta(seconds=lease)
        return True

    async def resign(self, holder: str) -> None:
        if self._holder == holder:
            self._holder = ""


class MemoryScheduleMarks:
    """When each schedule last fired."""

    def __init__(self) -> None:
        self._marks: dict[str, datetime] = {}

    async def last(self, schedule: str) -> datetime | None:
        return self._marks.get(schedule)

    async def mark(self, schedule: str, fired: datetime) -> None:
        self._marks[schedule] = max(fired, self._marks.get(schedule, fired))


def _count(jobs: list[Job], state: State) -> int:
    return sum(job.state is state for job in jobs)
