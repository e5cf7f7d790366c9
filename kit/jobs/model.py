from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from kit.auth.caller import Caller


class State(StrEnum):
    """How far a job or a step has come."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        return self not in (State.QUEUED, State.RUNNING)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt failed: a name of `kit.errors.Reason`, and a sentence."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a long job; its result is the checkpoint that a later attempt goes on from."""

    name: str
    state: State
    message: str = ""
    result: Any = None


@dataclass(frozen=True, slots=True)
class Submission:
    """What somebody wants done. The same key, kind and tenant is the same job; without a key each is a new one."""

    kind: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of work as MongoDB knows it. Times are UTC; `traceparent` is the submitter's."""

    id: str
    caller: Caller
    kind: str
    queue: str
    priority: int
    key: str
    payload: Mapping[str, Any]
    max_attempts: int
    created: datetime
    due: datetime
    state: State = State.QUEUED
    delayed: bool = False
    progress: int = 0
    message: str = ""
    attempt: int = 0
    failures: int = 0
    crashes: int = 0
    token: int = 0
    worker: str = ""
    leased_until: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    cancel_requested: datetime | None = None
    failure: Failure | None = None
    quarantined: bool = False
    result: Mapping[str, Any] | None = None
    steps: tuple[Step, ...] = ()
    log: tuple[str, ...] = ()
    traceparent: str = ""

    @property
    def claim(self) -> "Claim":
        return Claim(self.id, self.token, self.worker)

    @property
    def ticket(self) -> "Ticket":
        return Ticket(
            self.id, self.kind, self.queue, f"{self.caller.tenant}/{self.caller.user}", self.priority, self.token
        )


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to run a job and to say how it ended, until another claim has a higher token."""

    job: str
    token: int
    worker: str


@dataclass(frozen=True, slots=True)
class Ticket:
    """What the waiting room knows of a job. Lower priorities go first; within one, users take turns."""

    job: str
    kind: str
    queue: str
    user: str
    priority: int
    token: int


@dataclass(frozen=True, slots=True)
class Succeeded:
    result: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """The attempt failed; `retry_in` seconds it is tried again, where attempts are left."""

    failure: Failure
    retry_in: float | None = None


@dataclass(frozen=True, slots=True)
class Postponed:
    """The attempt does not count: the worker goes away, or a provider is away for so many seconds."""

    seconds: float = 0.0
    message: str = ""


@dataclass(frozen=True, slots=True)
class Cancelled:
    pass


Outcome = Succeeded | Failed | Postponed | Cancelled


@dataclass(frozen=True, slots=True)
class Standing:
    """What the worker of a claim has to know at each beat."""

    claim: Claim
    cancel_requested: bool
