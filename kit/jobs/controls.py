"""What operators set of a queue while the system runs, and the record of who did."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypedDict

from kit.errors import Conflict, Reason
from kit.jobs.limits import Rate
from kit.jobs.policies import Queue


class ControlFields(TypedDict, total=False):
    """Fields of a control that are to be set."""

    paused: bool
    concurrency: int | None
    rate: Rate | None


@dataclass(frozen=True, slots=True)
class QueueControl:
    """Whether a queue is paused, and the limits that hold instead of the setting's; None leaves the setting's.

    The revision counts the changes; a rate of 0 is without a limit.
    """

    paused: bool = False
    concurrency: int | None = None
    rate: Rate | None = None
    revision: int = 0
    changed: datetime | None = None

    @property
    def etag(self) -> str:
        return str(self.revision)

    def applied(self, queue: Queue) -> Queue:
        """The queue under these limits."""
        return replace(
            queue,
            concurrency=self.concurrency or queue.concurrency,
            rate=self.rate.limit if self.rate else queue.rate,
        )

    def checked(self, etag: str) -> None:
        """Raises Conflict (ETAG_MISMATCH) where an etag is given and the queue has been changed since."""
        if etag and etag != self.etag:
            raise Conflict("somebody else has changed the queue since; read it again", Reason.ETAG_MISMATCH)

    def edited(self, fields: ControlFields, now: datetime) -> "QueueControl":
        """With these fields set; itself where that changes nothing."""
        edited = replace(self, **fields)
        return self if edited == self else replace(edited, revision=self.revision + 1, changed=now)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a queue stood before or after a change: the limits that held, and whether it was paused."""

    paused: bool
    concurrency: int
    rate: Rate | None


@dataclass(frozen=True, slots=True)
class QueueChange:
    """An entry of the record: who changed a queue, when, from what to what. Entries are never changed."""

    id: str
    queue: str
    at: datetime
    tenant: str
    user: str
    before: Standing
    after: Standing


def standing_of(queue: Queue, control: QueueControl) -> Standing:
    """How a queue of these limits by setting stands under the control."""
    applied = control.applied(queue)
    return Standing(control.paused, applied.concurrency, applied.rate)
