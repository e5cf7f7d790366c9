"""What jobs stand on. Adapters are in `mongo`, `redis` and `memory`; each pair passes one contract suite."""

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from kit.auth.caller import Caller
from kit.jobs.controls import ControlFields, QueueChange, QueueControl
from kit.jobs.model import Claim, Job, Outcome, Standing, State, Step, Ticket
from kit.jobs.policies import Queue


@dataclass(frozen=True, slots=True)
class JobQuery:
    """Which jobs to list, newest first, after the cursor (created, id); empty filters match all."""

    limit: int
    queue: str = ""
    state: State | None = None
    kind: str = ""
    after: tuple[datetime, str] | None = None
    payload: Mapping[str, str] = field(default_factory=dict)


class JobStore(Protocol):
    """Jobs as those see them who submit, read and steer them."""

    async def accept(self, job: Job, session: object = None) -> Job:
        """Keeps a new job, or finds the one with its id; a session makes it part of the caller's transaction."""

    async def accept_all(self, jobs: Sequence[Job], session: object = None) -> list[Job]:
        """As `accept` for each, in their order and in one write, which may be repeated.

        Within a transaction all of them must be new.
        """

    async def get(self, job: str) -> Job | None: ...

    async def find(self, caller: Caller, job: str) -> Job | None:
        """The job, where it is the caller's; admins see those of their tenant."""

    async def page(self, caller: Caller, query: JobQuery) -> list[Job]: ...

    async def cancel(self, job: str) -> Job | None:
        """Ends a queued job at once, asks a running one to stop; others stay as they are."""

    async def retry(self, job: str) -> Job | None:
        """Queues a failed or cancelled job afresh; None where its state is another. Finished steps are kept."""

    async def failed(self, queue: str, limit: int) -> list[str]:
        """The oldest failed jobs of a queue."""

    async def erase(self, caller: Caller) -> None:
        """Removes the caller's own jobs; those that run lose their claims."""

    async def purge(self, queue: str) -> list[Job]:
        """Cancels all that waits in a queue, now or later; says which."""


class Claims(Protocol):
    """Jobs as workers see them. What needs a claim raises Conflict (LEASE_LOST) once another has taken over."""

    async def claim(self, job: str, worker: str, lease: float) -> Job | None:
        """Takes a queued job for so many seconds; None where it is not there to be taken."""

    async def claim_all(self, jobs: Collection[str], worker: str, lease: float) -> list[Job]:
        """As `claim` for each, in a few writes for all; those that are not there to be taken are missing."""

    async def renew(self, claims: Collection[Claim], lease: float) -> list[Standing]:
        """Extends the leases; claims that are lost are missing from the answer."""

    async def report(self, claim: Claim, progress: int | None, message: str, log: Sequence[str] = ()) -> None: ...

    async def step(self, claim: Claim, step: Step) -> None:
        """Keeps how far a step has come, and its result."""

    async def settle(self, claim: Claim, outcome: Outcome) -> Job:
        """Says how the attempt ended; what ended well or for good is final."""

    async def succeed(self, ends: Sequence[tuple[Claim, Mapping[str, Any] | None]]) -> list[bool]:
        """As `settle` by `Succeeded` with these results, in one write; whether each claim still held.

        May be repeated: what was settled under a claim before stays settled under it.
        """


class Backlog(Protocol):
    """Jobs as the dispatcher sees them."""

    async def due(self, limit: int) -> list[Job]:
        """Delayed jobs whose time has come; from now on they wait like others."""

    async def lapsed(self, max_crashes: int, limit: int) -> list[Job]:
        """Jobs whose lease ran out, queued again; those that crashed too often are failed and quarantined."""

    async def overdue_cancels(self, grace: float, limit: int) -> list[Job]:
        """Running jobs that did not stop within so many seconds of being asked; they are cancelled for good."""

    async def waiting(self, after: str, limit: int) -> list[Ticket]:
        """Queued jobs whose time has come, by id after `after`, whether the waiting room knows them or not."""

    async def running(self) -> list[Job]:
        """Jobs under a live lease."""

    async def next_change(self, grace: float) -> datetime | None:
        """When the first job is due, loses its lease, or has not stopped `grace` seconds after it was asked to."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds in a queue now: `limit` at once, and none at all while it is paused or held."""

    queue: Queue
    limit: int
    paused: bool


@dataclass(frozen=True, slots=True)
class Occupancy:
    waiting: int
    running: int


@dataclass(frozen=True, slots=True)
class Survey:
    """In how many queues there are rules, and in how many jobs wait."""

    governed: int
    occupied: int


class WaitingRoom(Protocol):
    """Grants slots and releases jobs to workers, atomically. All methods raise Unavailable while it is away."""

    async def enter(self, tickets: Sequence[Ticket]) -> int:
        """Releases at once what may run, keeps the others waiting; says how many were released.

        A job that is in the room already stays where it is.
        """

    async def begin(self, queue: str, job: str, lease: float) -> bool:
        """Whether a released job may still start; its slot then lasts for the lease, in seconds."""

    async def occupy(self, queue: str, jobs: Sequence[str], lease: float) -> None:
        """Renews the slots of running jobs, and makes them where they are missing."""

    async def leave(self, queue: str, jobs: Sequence[str]) -> None:
        """Gives slots or places back; who waits next is released."""

    async def exchange(self, queue: str, jobs: Sequence[str], most: int, lease: float) -> list[str]:
        """As `leave`, and takes up to so many released jobs that may start; their slots last for the lease."""

    async def pump(self, queue: str) -> Occupancy:
        """Releases what may run by now: slots run out, and rates allow more with time."""

    async def govern(self, rules: Rules) -> Occupancy:
        """Sets the rules, and releases what they allow; a queue without rules releases nothing."""

    async def governed(self, queue: str) -> bool:
        """Whether the queue has rules: a Redis that was flushed has none."""

    async def survey(self, queues: Sequence[str]) -> Survey:
        """How the queues stand as a whole."""

    async def missing(self, queue: str, jobs: Sequence[str]) -> list[str]:
        """Those of the jobs that are neither waiting nor released nor running."""


class QueueControls(Protocol):
    """What operators have set of queues; it survives restarts, and a Redis that was flushed."""

    async def controls(self) -> Mapping[str, QueueControl]:
        """By queue, of those that were ever changed."""

    async def change(self, queue: Queue, fields: ControlFields, caller: Caller, etag: str = "") -> QueueControl:
        """Sets the fields and records who did, both or neither; what is the same already is not recorded.

        `queue` has the limits by setting. Raises Conflict (ETAG_MISMATCH) where the etag is an older one; without an
        etag the last writer wins.
        """

    async def changes(self, queue: str, limit: int, after: tuple[datetime, str] | None = None) -> list[QueueChange]:
        """The record of a queue, newest first, after the cursor (time, id)."""


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """`oldest` is when the job was submitted that has waited longest; `ended` counts the last minute's."""

    waiting: int = 0
    running: int = 0
    delayed: int = 0
    failed: int = 0
    succeeded: int = 0
    ended: int = 0
    oldest: datetime | None = None


class QueueCensus(Protocol):
    async def counts(self, queue: str) -> QueueCounts: ...


@dataclass(frozen=True, slots=True)
class WorkerBeat:
    """A worker process: how many jobs of each queue it runs at once, and which it runs now."""

    id: str
    host: str
    capacity: dict[str, int]
    running: tuple[str, ...]
    beat: datetime | None = None


class WorkerRegistry(Protocol):
    """Worker processes that gave a sign of life lately."""

    async def beat(self, worker: WorkerBeat) -> None: ...

    async def leave(self, worker: str) -> None: ...

    async def alive(self, within: float) -> list[WorkerBeat]:
        """Those whose last beat is at most so many seconds old."""


class Leadership(Protocol):
    """One holder at a time."""

    async def lead(self, holder: str, lease: float) -> bool:
        """Takes or renews the lead for so many seconds; False while another has it."""

    async def resign(self, holder: str) -> None: ...


class ScheduleMarks(Protocol):
    """When each schedule last fired."""

    async def last(self, schedule: str) -> datetime | None: ...

    async def mark(self, schedule: str, fired: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Outlook:
    """The needs (see `Queue.needs`) that cannot be met now, and those that one job may try."""

    away: frozenset[str] = frozenset()
    on_trial: frozenset[str] = frozenset()


class ProviderHealth(Protocol):
    """Whether what jobs need can be had: breakers that are all open say no."""

    async def outlook(self) -> Outlook: ...

    def changes(self) -> AsyncGenerator[None, None]:
        """Yields when the outlook may be another one; who listens looks now and then all the same."""


class Topic(StrEnum):
    """What the dispatcher is told of."""

    EVERYTHING = "everything"  # something may have been missed
    RULES = "rules"  # a pause, a worker or a provider is another
    WAITING = "waiting"  # in a queue where none waited a job does
    DUE = "due"  # a job is to be released at a certain time
    ENDED = "ended"  # jobs have ended since a second ago
    LEAD = "lead"  # who led has resigned


@dataclass(frozen=True, slots=True)
class Signal:
    """`queue` is where jobs wait; `due` is when one is to be released."""

    topic: Topic
    queue: str = ""
    due: datetime | None = None


class Signals(Protocol):
    """Wakes the dispatcher. A signal may be lost: what it told of is found later, when everything is looked at."""

    async def send(self, signal: Signal) -> None: ...

    def received(self) -> AsyncGenerator[Signal, None]:
        """Goes on for ever. Begins with EVERYTHING, and says so again after each gap."""


class JobChanges(Protocol):
    """Tells those who wait for a job."""

    async def changed(self, *jobs: str) -> None:
        """Wakes those who watch them."""

    async def delayed(self, due: datetime) -> None:
        """Tells the dispatcher that a job is to be released then."""
