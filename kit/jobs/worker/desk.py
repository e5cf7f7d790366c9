"""The attempts of one worker process: begun, kept alive, ended; each under its claim."""

import asyncio
import contextlib
import enum
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from kit.errors import Conflict, LecternError, Reason, Unavailable
from kit.group_commit import GroupCommit
from kit.jobs import metrics
from kit.jobs.model import Cancelled, Failed, Job, Outcome, Postponed, State, Succeeded, Ticket
from kit.jobs.policies import Policies
from kit.jobs.ports import Claims, JobChanges, WaitingRoom
from kit.jobs.work import Actors, Work
from kit.jobs.worker.attempt_spans import attempt_span, tell_outcome
from kit.jobs.worker.outcomes import outcome_of
from kit.telemetry.exemplars import exemplar

SETTLE_AGAIN_SECONDS = 0.5

log = structlog.get_logger()


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
    exemplar: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Leaving:
    """A job that gives its slot back; one that waits again at once has a ticket."""

    queue: str
    job: str
    again: Ticket | None = None


class Desk:
    """Lives on the worker's loop. What several attempts write in the same moment is written together."""

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
        slot_beats: int = 1,
        attempted: Callable[[], None] = lambda: None,
    ) -> None:
        """`lease` is in seconds; it is renewed three times within it. `attempted` is called after each attempt.

        Slots last `slot_beats` times as long, and are renewed with every so many of these beats.
        """
        self.worker = worker
        self._claims = claims
        self._room = room
        self._changes = changes
        self._actors = actors
        self._policies = policies
        self._lease = lease
        self._slot_lease, self._slot_beats, self._beats = lease * slot_beats, slot_beats, 0
        self._attempted = attempted
        self._attempts: dict[str, Attempt] = {}
        self._taking: set[str] = set()
        self._going = False
        self._retired = False
        self._claiming = GroupCommit(self._claim)
        self._succeeding = GroupCommit(claims.succeed)
        self._leaving = GroupCommit(self._leave)
        self._telling = GroupCommit(self._tell)

    @property
    def running(self) -> tuple[str, ...]:
        return tuple(self._attempts)

    def running_by_queue(self) -> dict[tuple[str, ...], float]:
        """How many jobs of each queue run here; may be asked from another thread."""
        return dict(Counter((attempt.job.queue,) for attempt in list(self._attempts.values())))

    def oldest_by_kind(self) -> dict[tuple[str, ...], float]:
        """For how many seconds the oldest attempt of each kind runs; may be asked from another thread."""
        now, oldest = time.monotonic(), dict[tuple[str, ...], float]()
        for attempt in list(self._attempts.values()):
            kind = (attempt.job.kind,)
            oldest[kind] = max(oldest.get(kind, 0.0), now - attempt.began)
        return oldest

    async def work(self, queue: str, name: str) -> bool:
        """Attempts the job, then those that the waiting room hands on for it, until there is none.

        False where nothing was attempted. Whoever calls is one hand of the queue, and is busy for so long.
        """
        attempted, following = False, name
        while following:
            attempt = await self._begin(following)
            if attempt is not None:
                attempted = True
                await self._run_out(attempt)
            following = await self._end(queue, following, attempt)
        return attempted

    def retire(self) -> None:
        """Takes no further jobs; what runs ends in peace."""
        self._retired = True

    async def close(self) -> None:
        """Returns when all that was to be told is told."""
        await self._telling.idle()

    async def _begin(self, name: str) -> Attempt | None:
        """The attempt at the job, if it is there to be taken."""
        if self._going or name in self._attempts or name in self._taking:
            return None
        self._taking.add(name)
        try:
            job = await self._claiming.add(name)
        finally:
            self._taking.discard(name)
        if job is None:
            return None
        self._attempts[name] = attempt = Attempt(job)
        if self._going:
            self._stop(attempt, Stop.HANDED_BACK)
        self._telling.post(name)
        return attempt

    async def _run_out(self, attempt: Attempt) -> None:
        """Runs the actor within its time limit; never raises, the outcome is kept with the attempt."""
        attempt.task = asyncio.create_task(self._run(attempt))
        if attempt.stop is not None:
            attempt.task.cancel()
        await asyncio.wait([attempt.task])

    async def _end(self, queue: str, name: str, attempt: Attempt | None) -> str:
        """Commits the outcome, while the claim still holds, and gives the slot back; the job that may start instead."""
        again = None
        if attempt is not None:
            try:
                if attempt.stop is not Stop.LEASE_LOST:
                    again = await self._settle(attempt, attempt.outcome or _interrupted(attempt.stop))
            finally:
                del self._attempts[name]
            self._telling.post(name)
            self._attempted()
        return await self._leaving.add(Leaving(queue, name, again))

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
        self._beats += 1
        if self._beats % self._slot_beats:
            return
        with contextlib.suppress(Unavailable):
            for queue in {attempt.job.queue for attempt in attempts.values()}:
                mine = [name for name in held if name in self._attempts and attempts[name].job.queue == queue]
                await self._room.occupy(queue, mine, self._slot_lease)

    def hand_back(self) -> None:
        """Takes nothing any more, and stops what runs: other workers go on with it."""
        self._going = self._retired = True
        for attempt in self._attempts.values():
            self._stop(attempt, Stop.HANDED_BACK)

    def _stop(self, attempt: Attempt, why: Stop) -> None:
        attempt.stop = attempt.stop or why
        if attempt.task is not None:
            attempt.task.cancel()

    async def _run(self, attempt: Attempt) -> None:
        job = attempt.job
        policy = self._policies.of(job.kind)
        with attempt_span(job) as span:
            attempt.exemplar = exemplar()
            log.info("job_started", job=job.id, kind=job.kind, queue=job.queue, attempt=job.attempt)
            try:
                work = Work(job, self._claims, self._changes, lambda: attempt.stop is Stop.CANCELLED)
                async with asyncio.timeout(policy.time_limit):
                    result = await self._actors.of(job.kind)(work)
                attempt.outcome = Succeeded(result)
            except asyncio.CancelledError:
                attempt.outcome = _interrupted(attempt.stop)
            except Exception as error:
                attempt.outcome = outcome_of(error, job, policy)
            finally:
                tell_outcome(span, attempt.outcome)

    async def _settle(self, attempt: Attempt, outcome: Outcome) -> Ticket | None:
        """The ticket of a job that waits again at once.

        Tries until the database answers or the lease is over: work that is done is not lost to a restart of it.
        """
        job = attempt.job
        while attempt.stop is not Stop.LEASE_LOST:
            try:
                state, again = await self._commit(job, outcome)
            except Conflict:
                log.warning("job_taken_over", job=job.id, worker=self.worker)
                return None
            except LecternError as error:
                log.warning("job_not_settled", job=job.id, error=error.message)
                await asyncio.sleep(SETTLE_AGAIN_SECONDS)
            except Exception as error:  # such as a result that BSON can't hold
                outcome = outcome_of(error, job, self._policies.of(job.kind))
            else:
                self._note(attempt, outcome, state)
                return again
        return None

    def _note(self, attempt: Attempt, outcome: Outcome, settled: State) -> None:
        job, seconds, state = attempt.job, time.monotonic() - attempt.began, metrics.state_of(outcome, settled)
        metrics.ENDED.labels(job.kind, state).inc(exemplar=attempt.exemplar)
        metrics.DURATION.labels(job.kind).observe(seconds, attempt.exemplar)
        told = {"job": job.id, "kind": job.kind, "attempt": job.attempt, "seconds": round(seconds, 3)}
        if not isinstance(outcome, Failed):
            log.info(f"job_{state}", **told)
        elif state in ("retried", "refused"):
            log.warning(f"job_{state}", **told, reason=outcome.failure.reason, error=outcome.failure.message)
        else:
            log.error("job_failed", **told, reason=outcome.failure.reason, error=outcome.failure.message)

    async def _commit(self, job: Job, outcome: Outcome) -> tuple[State, Ticket | None]:
        if isinstance(outcome, Succeeded):
            if not await self._succeeding.add((job.claim, outcome.result)):
                raise Conflict("another worker has taken this job over", Reason.LEASE_LOST)
            return State.SUCCEEDED, None
        settled = await self._claims.settle(job.claim, outcome)
        if settled.delayed:
            await self._changes.delayed(settled.due)
        waits = settled.state is State.QUEUED and not settled.delayed
        return settled.state, settled.ticket if waits else None

    async def _claim(self, names: Sequence[str]) -> list[Job | None]:
        claimed = {job.id: job for job in await self._claims.claim_all(names, self.worker, self._lease)}
        return [claimed.get(name) for name in names]

    async def _leave(self, leavings: Sequence[Leaving]) -> list[str]:
        following: defaultdict[str, list[str]] = defaultdict(list)
        with contextlib.suppress(Unavailable):
            for queue in {each.queue for each in leavings}:
                jobs = [each.job for each in leavings if each.queue == queue]
                hands = 0 if self._retired else len(jobs)
                following[queue] = await self._room.exchange(queue, jobs, hands, self._slot_lease)
            if tickets := [each.again for each in leavings if each.again is not None]:
                await self._room.enter(tickets)
        return [following[each.queue].pop(0) if following[each.queue] else "" for each in leavings]

    async def _tell(self, names: Sequence[str]) -> list[None]:
        await self._changes.changed(*dict.fromkeys(names))
        return [None] * len(names)


def _interrupted(stop: Stop | None) -> Outcome:
    return Cancelled() if stop is Stop.CANCELLED else Postponed()
