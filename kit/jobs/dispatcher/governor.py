"""Sets the rules of each queue: pauses, what workers can take, and providers that are away."""

import time

from kit.jobs.policies import Policies, Queue
from kit.jobs.ports import Occupancy, Outlook, ProviderHealth, QueueSwitches, Rules, WaitingRoom, WorkerRegistry

# After a provider came back, twice as many jobs may run at once after each so many seconds, from one on.
# While it is on trial it stays at one.
RAMP_SECONDS = 2.0


class Governor:
    """Decides anew at each tick. A queue whose provider is away is held; its jobs spend no attempts."""

    def __init__(
        self,
        policies: Policies,
        room: WaitingRoom,
        switches: QueueSwitches,
        workers: WorkerRegistry,
        health: ProviderHealth,
        *,
        ahead: int,
        alive_within: float,
    ) -> None:
        """`ahead` jobs are released beyond what the workers that beat within `alive_within` seconds can take."""
        self._queues = tuple(policies.queues.values())
        self._room = room
        self._switches = switches
        self._workers = workers
        self._health = health
        self._ahead = ahead
        self._alive_within = alive_within
        self._back_since: dict[str, float] = {}
        self._away: frozenset[str] = frozenset()
        self.depths: dict[str, Occupancy] = {}

    async def govern(self) -> None:
        paused = await self._switches.paused()
        capacity = await self._capacity()
        self._note(await self._health.outlook())
        for queue in self._queues:
            closed = queue.name in paused or queue.needs in self._away
            limit = min(queue.concurrency, capacity.get(queue.name, 0) + self._ahead, self._ramp(queue))
            self.depths[queue.name] = await self._room.govern(Rules(queue, limit, closed))

    async def flushed(self) -> bool:
        """Whether the room has lost its rules, and with them all it knew."""
        for queue in self._queues:
            if not await self._room.governed(queue.name):
                return True
        return False

    async def _capacity(self) -> dict[str, int]:
        capacity: dict[str, int] = {}
        for worker in await self._workers.alive(self._alive_within):
            for queue, jobs in worker.capacity.items():
                capacity[queue] = capacity.get(queue, 0) + jobs
        return capacity

    def _note(self, outlook: Outlook) -> None:
        for need in (self._away | outlook.on_trial) - outlook.away:
            self._back_since[need] = time.monotonic()
        self._away = outlook.away

    def _ramp(self, queue: Queue) -> int:
        since = self._back_since.get(queue.needs)
        if since is None:
            return queue.concurrency
        limit = 1 << min(int((time.monotonic() - since) / RAMP_SECONDS), 16)
        if limit >= max(each.concurrency for each in self._queues):
            del self._back_since[queue.needs]
        return int(limit)
