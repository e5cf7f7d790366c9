"""Brings jobs into the waiting room: when they are due, left behind by a worker, or unknown to it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

import structlog

from kit.jobs.model import Job, State, Ticket
from kit.jobs.ports import Backlog, JobChanges, WaitingRoom

AT_ONCE = 500

log = structlog.get_logger()


class Releases:
    """All of it may be repeated: the room knows its jobs, and a job that has started can't be claimed again."""

    def __init__(
        self,
        backlog: Backlog,
        room: WaitingRoom,
        changes: JobChanges,
        *,
        max_crashes: int,
        cancel_grace: float,
        lease: float,
    ) -> None:
        """`cancel_grace` and `lease` are in seconds."""
        self._backlog = backlog
        self._room = room
        self._changes = changes
        self._max_crashes = max_crashes
        self._cancel_grace = cancel_grace
        self._lease = lease

    async def next_change(self) -> datetime | None:
        """When `advance` will have something to do."""
        return await self._backlog.next_change(self._cancel_grace)

    async def advance(self) -> None:
        """Releases what is due, re-releases what was left behind, ends what would not stop."""
        while jobs := await self._backlog.due(AT_ONCE):
            await self._room.enter([job.ticket for job in jobs])
        while jobs := await self._backlog.lapsed(self._max_crashes, AT_ONCE):
            log.warning("leases_ran_out", jobs=len(jobs), quarantined=[job.id for job in jobs if job.quarantined])
            await self._replace(jobs)
        while jobs := await self._backlog.overdue_cancels(self._cancel_grace, AT_ONCE):
            log.warning("cancelled_by_force", jobs=[job.id for job in jobs])
            await self._replace(jobs)

    async def audit(self) -> int:
        """Gives running jobs their slots and missing ones their places; says how many were missing."""
        for queue, running in _by_queue(job.ticket for job in await self._backlog.running()).items():
            await self._room.occupy(queue, [ticket.job for ticket in running], self._lease)
        return await self.complete()

    async def complete(self) -> int:
        """Gives missing jobs their places; says how many there were."""
        entered, after = 0, ""
        while tickets := await self._backlog.waiting(after, AT_ONCE):
            after = tickets[-1].job
            for queue, waiting in _by_queue(tickets).items():
                missing = set(await self._room.missing(queue, [ticket.job for ticket in waiting]))
                await self._room.enter([ticket for ticket in waiting if ticket.job in missing])
                entered += len(missing)
        return entered

    async def _replace(self, jobs: Sequence[Job]) -> None:
        for queue, tickets in _by_queue(job.ticket for job in jobs).items():
            await self._room.leave(queue, [ticket.job for ticket in tickets])
        await self._room.enter([job.ticket for job in jobs if job.state is State.QUEUED])
        for job in jobs:
            await self._changes.changed(job.id)


def _by_queue(tickets: Iterable[Ticket]) -> dict[str, list[Ticket]]:
    queues: defaultdict[str, list[Ticket]] = defaultdict(list)
    for ticket in tickets:
        queues[ticket.queue].append(ticket)
    return queues
