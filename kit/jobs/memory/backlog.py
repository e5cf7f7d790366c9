"""The dispatcher's view of jobs in memory."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from kit.jobs.memory.database import MemoryDatabase
from kit.jobs.memory.endings import left_behind
from kit.jobs.model import Job, State, Ticket


class MemoryBacklog:
    """Jobs for the dispatcher."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._jobs = database.jobs

    async def due(self, limit: int) -> list[Job]:
        now = datetime.now(UTC)
        due = [job for job in self._jobs.values() if job.state is State.QUEUED and job.delayed and job.due <= now]
        return [self._put(replace(job, delayed=False)) for job in due[:limit]]

    async def lapsed(self, max_crashes: int, limit: int) -> list[Job]:
        now = datetime.now(UTC)
        lost = [job for job in self._running() if job.leased_until and job.leased_until <= now]
        return [self._put(left_behind(job, max_crashes, now)) for job in lost[:limit]]

    async def overdue_cancels(self, grace: float, limit: int) -> list[Job]:
        now = datetime.now(UTC)
        asked = now - timedelta(seconds=grace)
        overdue = [job for job in self._running() if job.cancel_requested and job.cancel_requested <= asked]
        return [
            self._put(replace(job, state=State.CANCELLED, worker="", leased_until=None, ended=now))
            for job in overdue[:limit]
        ]

    async def waiting(self, after: str, limit: int) -> list[Ticket]:
        queued = (job for job in self._jobs.values() if job.state is State.QUEUED and not job.delayed)
        return sorted((job.ticket for job in queued if job.id > after), key=lambda ticket: ticket.job)[:limit]

    async def running(self) -> list[Job]:
        now = datetime.now(UTC)
        return [job for job in self._running() if job.leased_until and job.leased_until > now]

    async def next_change(self, grace: float) -> datetime | None:
        times = [job.due for job in self._jobs.values() if job.state is State.QUEUED and job.delayed]
        times += [job.leased_until for job in self._running() if job.leased_until]
        after = timedelta(seconds=grace)
        times += [job.cancel_requested + after for job in self._running() if job.cancel_requested]
        return min(times, default=None)

    def _running(self) -> list[Job]:
        return [job for job in self._jobs.values() if job.state is State.RUNNING]

    def _put(self, job: Job) -> Job:
        self._jobs[job.id] = job
        return job
