"""The queues and what they hold."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from kit.errors import NotFound
from kit.jobs.policies import Policies, Queue
from kit.jobs.ports import QueueCensus, QueueCounts, QueueSwitches


@dataclass(frozen=True, slots=True)
class Line:
    """A queue as it stands."""

    queue: Queue
    counts: QueueCounts
    paused: bool


class QueueLines:
    """All queues that jobs can be in. The dispatcher is told of a switch."""

    def __init__(self, policies: Policies, switches: QueueSwitches, census: QueueCensus) -> None:
        self._policies = policies
        self._switches = switches
        self._census = census

    async def all(self) -> Sequence[Line]:
        """By name."""
        paused = await self._switches.paused()
        queues = sorted(self._policies.queues.values(), key=lambda queue: queue.name)
        counts = await asyncio.gather(*(self._census.counts(queue.name) for queue in queues))
        return [Line(queue, count, queue.name in paused) for queue, count in zip(queues, counts, strict=True)]

    async def switch(self, name: str, *, paused: bool) -> Line:
        """Pauses or resumes; raises NotFound for no such queue."""
        queue = self.queue(name)
        await self._switches.set_paused(queue.name, paused)
        return Line(queue, await self._census.counts(queue.name), paused)

    def queue(self, name: str) -> Queue:
        """Raises NotFound for no such queue."""
        queue = self._policies.queues.get(name)
        if queue is None:
            raise NotFound("no such queue")
        return queue
