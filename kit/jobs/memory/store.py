"""Jobs in memory, under the rules of the real store."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from kit.auth.caller import Caller
from kit.jobs.memory.database import MemoryDatabase
from kit.jobs.model import Job, State
from kit.jobs.ports import JobQuery


class MemoryJobs:
    """Jobs for those who submit, read and steer them."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._jobs = database.jobs

    async def accept(self, job: Job, session: object = None) -> Job:
        return self._jobs.setdefault(job.id, job)

    async def accept_all(self, jobs: Sequence[Job], session: object = None) -> list[Job]:
        return [await self.accept(job) for job in jobs]

    async def get(self, job: str) -> Job | None:
        return self._jobs.get(job)

    async def find(self, caller: Caller, job: str) -> Job | None:
        found = self._jobs.get(job)
        return found if found and _visible(caller, found) else None

    async def page(self, caller: Caller, query: JobQuery) -> list[Job]:
        newest = sorted(self._jobs.values(), key=lambda job: (job.created, job.id), reverse=True)
        return [job for job in newest if _visible(caller, job) and _wanted(job, query)][: query.limit]

    async def cancel(self, job: str) -> Job | None:
        found, now = self._jobs.get(job), datetime.now(UTC)
        if found and found.state is State.QUEUED:
            self._jobs[job] = replace(found, state=State.CANCELLED, delayed=False, ended=now)
        elif found and found.state is State.RUNNING:
            self._jobs[job] = replace(found, cancel_requested=found.cancel_requested or now)
        return self._jobs.get(job)

    async def retry(self, job: str) -> Job | None:
        found = self._jobs.get(job)
        if found is None or found.state not in (State.FAILED, State.CANCELLED):
            return None
        fresh = replace(found, state=State.QUEUED, delayed=False, failures=0, crashes=0, quarantined=False, ended=None)
        self._jobs[job] = replace(fresh, cancel_requested=None, failure=None, progress=0, message="")
        return self._jobs[job]

    async def failed(self, queue: str, limit: int) -> list[str]:
        oldest = sorted(self._jobs.values(), key=lambda job: job.created)
        return [job.id for job in oldest if job.queue == queue and job.state is State.FAILED][:limit]

    async def erase(self, caller: Caller) -> None:
        whose = (caller.tenant, caller.user)
        for job in [job for job in self._jobs.values() if (job.caller.tenant, job.caller.user) == whose]:
            del self._jobs[job.id]

    async def purge(self, queue: str) -> list[Job]:
        queued = [job.id for job in self._jobs.values() if job.queue == queue and job.state is State.QUEUED]
        for job in queued:
            await self.cancel(job)
        return [self._jobs[job] for job in queued]


def _visible(caller: Caller, job: Job) -> bool:
    return job.caller.tenant == caller.tenant and (caller.is_admin or job.caller.user == caller.user)


def _wanted(job: Job, query: JobQuery) -> bool:
    return (
        query.queue in ("", job.queue)
        and query.kind in ("", job.kind)
        and query.state in (None, job.state)
        and query.payload.items() <= job.payload.items()
        and (query.after is None or (job.created, job.id) < query.after)
    )
