"""Sets the rules of each queue: pauses and limits, what workers can take, and providers that are away."""

import time

from kit.jobs.controls import QueueControl
from kit.jobs.pace import FREE
from kit.jobs.policies import Policies, Queue
from kit.jobs.ports import Occupancy, Outlook, ProviderHealth, QueueControls, Rules, WaitingRoom, WorkerRegistry

# After a provider came back, twice as many jobs may run at once after each so many seconds, from one on.
# While it is on trial it stays at one.
RAMP_SECONDS = 2.0
UNCHANGED = QueueControl()


class Governor:
    """Writes rules that have changed. A queue whose provider is away is held; its jobs spend no attempts."""

    def __init__(
        self,
        policies: Policies,
        room: WaitingRoom,
        controls: QueueControls,
        workers: WorkerRegistry,
        health: ProviderHealth,
        *,
        ahead: int,
        alive_within: float,
        reassert: float = FREE.reassert,
    ) -> None:
        """`ahead` jobs are released beyond what the workers that beat within `alive_within` seconds can take.

        Rules are written again after `reassert` seconds even if they are the same: another leader may have written its
        own last.
        """
        self._queues = tuple(policies.queues.values())
        self._room = room
        self._controls = controls
        self._workers = workers
        self._health = health
        self._ahead = ahead
        self._alive_within = alive_within
        self._reassert = reassert
        self._back_since: dict[str, float] = {}
        self._away: frozenset[str] = frozenset()
        self._on_trial: frozenset[str] = frozenset()
        self._written: dict[str, Rules] = {}
        self._asserted = float("-inf")
        self._waiting: set[str] = set()
        self._unsure = False
        self.depths: dict[str, Occupancy] = {}

    @property
    def unsteady(self) -> bool:
        """Whether the rules change with time alone: a provider is away, on trial, or has just come back."""
        return bool(self._away or self._on_trial or self._back_since)

    @property
    def waiting(self) -> bool:
        """Whether jobs wait in a queue that is open, so that time alone may let them in."""
        return any(self._lets_in(queue) for queue in self._waiting)

    def expect(self, queue: str) -> None:
        """Jobs wait in this queue now."""
        self._waiting.add(queue)

    async def govern(self) -> None:
        """Makes the rules anew, and writes those that have changed."""
        if time.monotonic() - self._asserted > self._reassert:
            self._written.clear()
            self._asserted = time.monotonic()
        controls = await self._controls.controls()
        capacity = await self._capacity()
        self._note(await self._health.outlook())
        queues = [controls.get(queue.name, UNCHANGED).applied(queue) for queue in self._queues]
        widest = max(queue.concurrency for queue in queues)
        for queue in queues:
            closed = controls.get(queue.name, UNCHANGED).paused or queue.needs in self._away
            limit = min(queue.concurrency, capacity.get(queue.name, 0) + self._ahead, self._ramp(queue, widest))
            await self._write(Rules(queue, limit, closed))

    async def pump(self) -> None:
        """Lets in what time alone allows, where jobs wait."""
        queues = [queue.name for queue in self._queues if self._unsure or self._lets_in(queue.name)]
        for queue in queues:
            self._count(queue, await self._room.pump(queue))
        self._unsure = False

    def recount(self) -> None:
        """The next pump counts anew where jobs wait, also in queues that let nobody in."""
        self._unsure = self._unsure or bool(self._waiting)

    async def flushed(self) -> bool:
        """Whether the room has lost its rules, and with them all it knew."""
        survey = await self._room.survey([queue.name for queue in self._queues])
        if survey.occupied != len(self._waiting):  # a signal was missed, or a queue has run empty
            self._unsure = True
        flushed = survey.governed < len(self._queues)
        if flushed:
            self.forget()
        return flushed

    def forget(self) -> None:
        """Writes all rules anew: somebody else has had the lead, or the room was flushed."""
        self._written.clear()

    def _lets_in(self, queue: str) -> bool:
        return queue in self._waiting and not (queue in self._written and self._written[queue].paused)

    async def _write(self, rules: Rules) -> None:
        name = rules.queue.name
        if self._written.get(name) != rules:
            self._written.pop(name, None)  # what fails half way is written again
            self._count(name, await self._room.govern(rules))
            self._written[name] = rules

    def _count(self, queue: str, occupancy: Occupancy) -> None:
        self.depths[queue] = occupancy
        if occupancy.waiting:
            self._waiting.add(queue)
        else:
            self._waiting.discard(queue)

    async def _capacity(self) -> dict[str, int]:
        capacity: dict[str, int] = {}
        for worker in await self._workers.alive(self._alive_within):
            for queue, jobs in worker.capacity.items():
                capacity[queue] = capacity.get(queue, 0) + jobs
        return capacity

    def _note(self, outlook: Outlook) -> None:
        for need in (self._away | outlook.on_trial) - outlook.away:
            self._back_since[need] = time.monotonic()
        self._away, self._on_trial = outlook.away, outlook.on_trial

    def _ramp(self, queue: Queue, widest: int) -> int:
        since = self._back_since.get(queue.needs)
        if since is None:
            return queue.concurrency
        limit = 1 << min(int((time.monotonic() - since) / RAMP_SECONDS), 16)
        if limit >= widest:
            del self._back_since[queue.needs]
        return int(limit)
