"""The attempts of one worker process: begun, kept alive, ended; each under its claim."""

import asyncio
import contextlib
import enum
import time
from dataclasses import dataclass, field

import structlog
from opentelemetry import metrics, propagate, trace

from kit.errors import Conflict, LecternError, Unavailable
from kit.jobs.model import Cancelled, Job, Outcome, Postponed, State, Succeeded
from kit.jobs.policies import Policies
from kit.jobs.ports import Claims, JobChanges, WaitingRoom
from kit.jobs.work import Actors, Work
from kit.jobs.worker.outcomes import outcome_of

SETTLE_AGAIN_SECONDS = 0.5

log = structlog.get_logger()
tracer = trace.get_tracer("lectern.jobs")
ended_jobs = metrics.get_meter("lectern.jobs").create_counter("lectern_jobs_total", description="Attempts that ended")
seconds_of_jobs = metrics.get_meter("lectern.jobs").create_histogram("lectern_job_duration_seconds", unit="s")


class Stop(enum.Enum):
    """Why an attempt is stopped from outside."""

    CANCELLED = "cancelled"
    LEASE_LOST = "lease lost"
    HANDED_BACK = "handed back"


@dataclass
class Attempt:
    """A claimed job and the task that runs it."""

    job: Job
    task: asyncio.Task[None] | None = None
    outcome: Outcome | None = None
    stop: Stop | None = None
    began: float = field(default_factory=time.monotonic)


class Desk:
    """Lives on the worker's loop. Calls for one message come in order: begin, run, end."""

    def __init__(
        self,
        worker: str,
        claims: Claims,
        room: WaitingRoom,
        changes: JobChanges,
        actors: Actors,
        policies: Policies,
        *,
        lease: float,
    ) -> None:
        """`lease` is in seconds; it is renewed three times within it."""
        self.worker = worker
        self._claims = claims
        self._room = room
        self._changes = changes
        self._actors = actors
        self._policies = policies
        self._lease = lease
        self._attempts: dict[str, Attempt] = {}
        self._going = False

    @property
    def running(self) -> tuple[str, ...]:
        return tuple(self._attempts)

    async def begin(self, queue: str, name: str) -> bool:
        """Takes the job; False where it may not start, or is not there to be taken."""
        if self._going or name in self._attempts:
            return False
        with contextlib.suppress(Unavailable):  # without Redis the claim alone decides
            if not await self._room.begin(queue, name, self._lease):
                return False
        job = await self._claims.claim(name, self.worker, self._lease)
        if job is None:
            await self._leave(queue, name)
            return False
        self._attempts[name] = Attempt(job)
        await self._changes.changed(name)
        return True

    async def run(self, name: str) -> None:
        """Runs the actor within its time limit; never raises, the outcome is kept for `end`."""
        attempt = self._attempts[name]
        attempt.task = asyncio.create_task(self._run(attempt))
        if attempt.stop is not None:
            attempt.task.cancel()
        await asyncio.wait([attempt.task])

    async def end(self, name: str) -> None:
        """Commits the outcome, while the claim still holds, and gives the slot back."""
        attempt, settled = self._attempts[name], None
        try:
            if attempt.stop is not Stop.LEASE_LOST:
                settled = await self._settle(attempt, attempt.outcome or _interrupted(attempt.stop))
        finally:
            del self._attempts[name]
        await self._leave(attempt.job.queue, name)
        if settled and settled.state is State.QUEUED:
            if settled.delayed:
                await self._changes.delayed(settled.due)
            else:
                with contextlib.suppress(Unavailable):
                    await self._room.enter([settled.ticket])
        await self._changes.changed(name)

    async def beat(self) -> None:
        """Renews all leases and slots; stops attempts that were cancelled or taken over."""
        attempts = dict(self._attempts)
        standings = await self._claims.renew([attempt.job.claim for attempt in attempts.values()], self._lease)
        held = {standing.claim.job: standing for standing in standings}
        for name, attempt in attempts.items():
            if name not in held:
                self._stop(attempt, Stop.LEASE_LOST)
            elif held[name].cancel_requested:
                self._stop(attempt, Stop.CANCELLED)
        with contextlib.suppress(Unavailable):
            for queue in {attempt.job.queue for attempt in attempts.values()}:
                mine = [name for name in held if name in self._attempts and attempts[name].job.queue == queue]
                await self._room.occupy(queue, mine, self._lease)

    def hand_back(self) -> None:
        """Takes nothing any more, and stops what runs: other workers go on with it."""
        self._going = True
        for attempt in self._attempts.values():
            self._stop(attempt, Stop.HANDED_BACK)

    def _stop(self, attempt: Attempt, why: Stop) -> None:
        attempt.stop = attempt.stop or why
        if attempt.task is not None:
            attempt.task.cancel()

    async def _run(self, attempt: Attempt) -> None:
        job = attempt.job
        policy = self._policies.of(job.kind)
        parent = propagate.extract({"traceparent": job.traceparent})
        with tracer.start_as_current_span(f"job {job.kind}", parent, attributes={"lectern.job": job.id}):
            try:
                work = Work(job, self._claims, self._changes, lambda: attempt.stop is Stop.CANCELLED)
                async with asyncio.timeout(policy.time_limit):
                    result = await self._actors.of(job.kind)(work)
                attempt.outcome = Succeeded(result)
            except asyncio.CancelledError:
                attempt.outcome = _interrupted(attempt.stop)
            except Exception as error:
                attempt.outcome = outcome_of(error, job, policy)

    async def _settle(self, attempt: Attempt, outcome: Outcome) -> Job | None:
        """Tries until the database answers or the lease is over: work that is done is not lost to a restart of it."""
        claim = attempt.job.claim
        while attempt.stop is not Stop.LEASE_LOST:
            try:
                job = await self._claims.settle(claim, outcome)
            except Conflict:
                log.warning("job_taken_over", job=claim.job, worker=self.worker)
                return None
            except LecternError as error:
                log.warning("job_not_settled", job=claim.job, cause=error.message)
                await asyncio.sleep(SETTLE_AGAIN_SECONDS)
            except Exception as error:  # such as a result that BSON can't hold
                outcome = outcome_of(error, attempt.job, self._policies.of(attempt.job.kind))
            else:
                ended_jobs.add(1, {"kind": job.kind, "state": job.state.value})
                seconds_of_jobs.record(time.monotonic() - attempt.began, {"kind": job.kind})
                return job
        return None

    async def _leave(self, queue: str, name: str) -> None:
        with contextlib.suppress(Unavailable):
            await self._room.leave(queue, [name])


def _interrupted(stop: Stop | None) -> Outcome:
    return Cancelled() if stop is Stop.CANCELLED else Postponed()
