from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from kit.jobs.model import State


class Event(StrEnum):
    """What can be told of."""

    JOB_SUCCEEDED = "job.succeeded"
    JOB_FAILED = "job.failed"
    JOB_CANCELLED = "job.cancelled"


EVENT_OF = {
    State.SUCCEEDED: Event.JOB_SUCCEEDED,
    State.FAILED: Event.JOB_FAILED,
    State.CANCELLED: Event.JOB_CANCELLED,
}


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that is told of events: those of its user's jobs, or of the whole tenant's.

    `failures` counts deliveries in a row that failed for good; too many disable it.
    """

    id: str
    tenant: str
    user: str
    url: str
    events: frozenset[Event]
    secret: str
    created: datetime
    whole_tenant: bool = False
    failures: int = 0
    disabled: bool = False
