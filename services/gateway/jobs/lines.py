"""The queues: what they hold, their limits, and who changed them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from kit.auth.caller import Caller
from kit.errors import NotFound
from kit.jobs.controls import ControlFields, QueueChange, QueueControl
from kit.jobs.policies import Policies, Queue
from kit.jobs.ports import QueueCensus, QueueControls, QueueCounts
from kit.pagination import PageTokens

UNCHANGED = QueueControl()


@dataclass(frozen=True, slots=True)
class Line:
    """A queue as it stands; `configured` has the limits by setting."""

    configured: Queue
    counts: QueueCounts
    control: QueueControl = UNCHANGED

    @property
    def queue(self) -> Queue:
        """With the limits that hold."""
        return self.control.applied(self.configured)

    @property
    def paused(self) -> bool:
        return self.control.paused


@dataclass(frozen=True, slots=True)
class ChangePage:
    changes: list[QueueChange]
    next_token: str


class QueueLines:
    """All queues that jobs can be in. The dispatcher is told of a change."""

    def __init__(self, policies: Policies, controls: QueueControls, census: QueueCensus, tokens: PageTokens) -> None:
        self._policies = policies
        self._controls = controls
        self._census = census
        self._tokens = tokens

    async def all(self) -> Sequence[Line]:
        """By name."""
        controls = await self._controls.controls()
        queues = sorted(self._policies.queues.values(), key=lambda queue: queue.name)
        counts = await asyncio.gather(*(self._census.counts(queue.name) for queue in queues))
        return [
            Line(queue, count, controls.get(queue.name, UNCHANGED)) for queue, count in zip(queues, counts, strict=True)
        ]

    async def line(self, name: str) -> Line:
        """Raises NotFound for no such queue."""
        queue = self.queue(name)
        controls, counts = await asyncio.gather(self._controls.controls(), self._census.counts(name))
        return Line(queue, counts, controls.get(name, UNCHANGED))

    async def change(self, caller: Caller, name: str, fields: ControlFields, etag: str = "") -> Line:
        """Pauses, resumes or limits; raises NotFound for no such queue, Conflict where the etag is an older one."""
        queue = self.queue(name)
        control = await self._controls.change(queue, fields, caller, etag)
        return Line(queue, await self._census.counts(name), control)

    async def changes(self, name: str, limit: int, token: str) -> ChangePage:
        """Newest first; raises NotFound for no such queue."""
        scope = f"queue-changes:{self.queue(name).name}"
        cursor = self._tokens.decode(token, scope)
        after = (datetime.fromtimestamp(cursor[0] / 1000, UTC), str(cursor[1])) if cursor else None
        found = await self._controls.changes(name, limit + 1, after)
        if len(found) <= limit:
            return ChangePage(found, "")
        last = found[limit - 1]
        return ChangePage(found[:limit], self._tokens.encode(scope, [round(last.at.timestamp() * 1000), last.id]))

    def queue(self, name: str) -> Queue:
        """With its limits by setting; raises NotFound for no such queue."""
        queue = self._policies.queues.get(name)
        if queue is None:
            raise NotFound("no such queue")
        return queue
