"""Submitting and steering jobs: the one way in, for every service."""

import contextlib
import hashlib
import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from opentelemetry import propagate

from kit.auth.caller import Caller
from kit.errors import FailedPrecondition, NotFound, Reason, Unavailable
from kit.group_commit import PATIENCE_SECONDS, GroupCommit
from kit.jobs.model import Job, State, Submission, Ticket
from kit.jobs.policies import Policies
from kit.jobs.ports import JobChanges, JobStore, WaitingRoom

RETRY_AT_ONCE = 1000


class Jobs:
    """Accepts jobs into the truth, then releases at once what may run; the dispatcher finds what is missed here."""

    def __init__(self, store: JobStore, room: WaitingRoom, changes: JobChanges, policies: Policies) -> None:
        self._store = store
        self._room = room
        self._changes = changes
        self._policies = policies
        self._accepting = GroupCommit(store.accept_all, patience=PATIENCE_SECONDS)
        # What was accepted together comes in one moment: there is nobody to wait for.
        self._entering = GroupCommit(self._enter)

    async def submit(self, caller: Caller, submission: Submission) -> Job:
        """The job: a new one, or the one that was submitted with this key before."""
        job = await self.accept(caller, submission)
        await self.release(job)
        return job

    async def accept(self, caller: Caller, submission: Submission, session: object = None) -> Job:
        """As `submit`, but within the caller's transaction; `release` it once that is committed."""
        job = self.prepare(caller, submission)
        return await (self._accepting.add(job) if session is None else self._store.accept(job, session))

    def prepare(self, caller: Caller, submission: Submission) -> Job:
        """The job as `accept_all` is to keep it, with the trace of this call."""
        return new_job(caller, submission, self._policies)

    async def accept_all(self, jobs: Sequence[Job], session: object) -> None:
        """Keeps prepared jobs of keys that are new within the caller's transaction, in one write."""
        await self._store.accept_all(jobs, session)

    async def release(self, *jobs: Job) -> None:
        """Lets jobs run that wait for nothing; the dispatcher releases those that wait for their time, or for Redis."""
        for job in jobs:
            if job.state is State.QUEUED and job.delayed:
                await self._changes.delayed(job.due)
        tickets = [job.ticket for job in jobs if job.state is State.QUEUED and not job.delayed]
        if tickets:
            await self._entering.add(tickets)

    async def cancel(self, caller: Caller, name: str) -> Job:
        """Ends a job that waits; asks one that runs to stop; leaves one that ended as it is."""
        await self._found(caller, name)
        job = await self._store.cancel(name)
        if job is None:
            raise NotFound("no such job")
        if job.state is State.CANCELLED:
            await self._forget([job])
        else:
            await self._tell([job])
        return job

    async def retry(self, caller: Caller, name: str) -> Job:
        """Queues a failed or cancelled job again, from its finished steps on."""
        await self._found(caller, name)
        retried = await self._store.retry(name)
        if retried is None:
            raise FailedPrecondition("only a failed or cancelled job can be retried", Reason.JOB_STATE_CONFLICT)
        await self.release(retried)
        await self._tell([retried])
        return retried

    async def retry_failed(self, queue: str) -> int:
        """Queues failed jobs of a queue again, oldest first; says how many."""
        names = await self._store.failed(queue, RETRY_AT_ONCE)
        retried = [job for job in [await self._store.retry(name) for name in names] if job is not None]
        await self.release(*retried)
        await self._tell(retried)
        return len(retried)

    async def purge(self, queue: str) -> int:
        """Cancels all that waits in a queue; says how many."""
        purged = await self._store.purge(queue)
        await self._forget(purged)
        return len(purged)

    async def _enter(self, groups: Sequence[Sequence[Ticket]]) -> list[None]:
        with contextlib.suppress(Unavailable):
            await self._room.enter([ticket for group in groups for ticket in group])
        return [None] * len(groups)

    async def _forget(self, jobs: list[Job]) -> None:
        with contextlib.suppress(Unavailable):
            for queue in {job.queue for job in jobs}:
                await self._room.leave(queue, [job.id for job in jobs if job.queue == queue])
        await self._tell(jobs)

    async def _tell(self, jobs: Iterable[Job]) -> None:
        if names := [job.id for job in jobs]:
            await self._changes.changed(*names)

    async def _found(self, caller: Caller, name: str) -> None:
        if await self._store.find(caller, name) is None:
            raise NotFound("no such job")


def new_job(caller: Caller, submission: Submission, policies: Policies) -> Job:
    """The job as it is first kept."""
    policy = policies.of(submission.kind)
    now = datetime.now(UTC)
    now = now.replace(microsecond=now.microsecond // 1000 * 1000)  # MongoDB keeps milliseconds
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    identity = job_id(caller.tenant, submission.kind, submission.key)
    return Job(
        id=identity,
        caller=Caller(caller.tenant, caller.user, caller.roles),
        kind=submission.kind,
        queue=policy.queue.name,
        priority=policy.priority,
        key=submission.key or identity,
        payload=submission.payload,
        max_attempts=policy.attempts,
        created=now,
        due=now + timedelta(seconds=submission.delay),
        delayed=submission.delay > 0,
        traceparent=carrier.get("traceparent", ""),
    )


def job_id(tenant: str, kind: str, key: str) -> str:
    """The same for the same key; random without one."""
    if not key:
        return uuid.uuid4().hex
    return hashlib.sha256(f"{tenant}\0{kind}\0{key}".encode()).hexdigest()[:32]
