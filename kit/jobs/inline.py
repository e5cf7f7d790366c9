"""Jobs while queues are switched off."""

import asyncio
import contextlib
import contextvars
import uuid
from dataclasses import replace

import structlog

from kit.auth.caller import Caller
from kit.errors import FailedPrecondition, LecternError, Reason
from kit.jobs.memory.room import MemoryRoom
from kit.jobs.model import Job, State, Submission
from kit.jobs.policies import Policies
from kit.jobs.ports import Claims, JobChanges, JobStore
from kit.jobs.submitting import Jobs
from kit.jobs.work import Actors
from kit.jobs.worker.desk import Desk

# Longer than any light job takes: nobody renews it.
LEASE_SECONDS = 300.0

log = structlog.get_logger()


class InlineJobs(Jobs):
    """Light jobs run in the process that accepts them, beside its calls and once each; all others are refused.

    What fails, or is left behind by a process that ends, waits in MongoDB until queues are switched on again.
    """

    def __init__(
        self, store: JobStore, claims: Claims, changes: JobChanges, policies: Policies, actors: Actors
    ) -> None:
        """`actors` are those that this process has."""
        room = MemoryRoom()
        super().__init__(store, room, changes, policies)
        self._kinds = actors.kinds
        worker = f"inline-{uuid.uuid4().hex}"
        self._desk = Desk(worker, claims, room, changes, actors, policies, lease=LEASE_SECONDS)
        self._delays: dict[str, float] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._closing = asyncio.Event()

    def prepare(self, caller: Caller, submission: Submission) -> Job:
        if not self._policies.of(submission.kind).light or submission.kind not in self._kinds:
            raise _switched_off()
        job = super().prepare(caller, replace(submission, delay=0.0))
        self._delays[job.id] = submission.delay
        return job

    async def release(self, *jobs: Job) -> None:
        for job in jobs:
            delay = self._delays.pop(job.id, 0.0)
            if job.state is State.QUEUED:
                # In a context of its own: the deadline of the call that causes a job is not the job's.
                task = asyncio.create_task(self._run(job, delay), context=contextvars.Context())
                self._running.add(task)
                task.add_done_callback(self._running.discard)

    async def retry(self, caller: Caller, name: str) -> Job:
        raise _switched_off()

    async def retry_failed(self, queue: str) -> int:
        raise _switched_off()

    async def close(self) -> None:
        """Hands back what runs, and leaves what was to run later."""
        self._closing.set()
        self._desk.hand_back()
        await asyncio.gather(*self._running)
        await self._desk.close()

    async def _run(self, job: Job, delay: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), delay)
        try:
            await self._desk.work(job.queue, job.id)
        except LecternError as error:
            log.warning("job_not_run", job=job.id, kind=job.kind, error=error.message)


def _switched_off() -> FailedPrecondition:
    return FailedPrecondition("job queues are switched off here; this cannot be done now", Reason.QUEUES_DISABLED)
