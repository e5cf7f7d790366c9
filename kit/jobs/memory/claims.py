"""Claims in memory."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from kit.errors import Conflict, Reason
from kit.jobs.memory.database import MemoryDatabase
from kit.jobs.memory.endings import settled
from kit.jobs.model import Claim, Job, Outcome, Standing, State, Step, Succeeded

LOG_LINES = 100


class MemoryClaims:
    """Jobs for workers."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._jobs = database.jobs
        self._ends: dict[str, Claim] = {}

    async def claim(self, job: str, worker: str, lease: float) -> Job | None:
        found, now = self._jobs.get(job), datetime.now(UTC)
        if found is None or found.state is not State.QUEUED or found.delayed:
            return None
        until = now + timedelta(seconds=lease)
        taken = replace(found, state=State.RUNNING, worker=worker, leased_until=until, started=now)
        self._jobs[job] = replace(taken, token=found.token + 1, attempt=found.attempt + 1)
        return self._jobs[job]

    async def claim_all(self, jobs: Collection[str], worker: str, lease: float) -> list[Job]:
        claimed = [await self.claim(job, worker, lease) for job in jobs]
        return [job for job in claimed if job is not None]

    async def renew(self, claims: Collection[Claim], lease: float) -> list[Standing]:
        until = datetime.now(UTC) + timedelta(seconds=lease)
        held = [claim for claim in claims if self._holds(claim)]
        for claim in held:
            self._jobs[claim.job] = replace(self._jobs[claim.job], leased_until=until)
        return [Standing(claim, self._jobs[claim.job].cancel_requested is not None) for claim in held]

    async def report(self, claim: Claim, progress: int | None, message: str, log: Sequence[str] = ()) -> None:
        job = self._held(claim)
        self._jobs[job.id] = replace(
            job,
            progress=max(job.progress, progress or 0),
            message=message or job.message,
            log=(*job.log, *log)[-LOG_LINES:],
        )

    async def step(self, claim: Claim, step: Step) -> None:
        job = self._held(claim)
        steps = {known.name: known for known in job.steps} | {step.name: step}
        self._jobs[job.id] = replace(job, steps=tuple(steps.values()))

    async def settle(self, claim: Claim, outcome: Outcome) -> Job:
        job = settled(self._held(claim), outcome)
        ended = datetime.now(UTC) if job.state.ended else None
        self._jobs[job.id] = replace(job, worker="", leased_until=None, ended=ended)
        self._ends[job.id] = claim
        return self._jobs[job.id]

    async def succeed(self, ends: Sequence[tuple[Claim, Mapping[str, Any] | None]]) -> list[bool]:
        held = [self._holds(claim) for claim, _ in ends]
        for (claim, result), holds in zip(ends, held, strict=True):
            if holds:
                await self.settle(claim, Succeeded(result))
        return [self._ends.get(claim.job) == claim for claim, _ in ends]

    def _holds(self, claim: Claim) -> bool:
        job = self._jobs.get(claim.job)
        return job is not None and job.state is State.RUNNING and job.claim == claim

    def _held(self, claim: Claim) -> Job:
        if not self._holds(claim):
            raise Conflict("another worker has taken this job over", Reason.LEASE_LOST)
        return self._jobs[claim.job]
