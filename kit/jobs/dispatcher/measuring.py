"""What the dispatcher that leads tells of the queues and of the stores, asked of them when metrics are read."""

from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from kit.dependencies import probe
from kit.jobs import metrics
from kit.jobs.dispatcher.leader import Leader
from kit.jobs.dispatcher.stores import Stores
from kit.jobs.ports import Occupancy
from kit.jobs.redis.room import SCRIPTS, room_key
from kit.jobs.settings import DispatcherSettings
from kit.mongo import shared
from kit.redis import Redis
from kit.telemetry.asked import serve_asked

OCCUPANCY = (Path(SCRIPTS) / "occupancy.lua").read_text()


class Measuring:
    """Silent while another one leads: what two of them tell would be counted twice."""

    def __init__(self, leader: Leader, queue: Redis, queues: Sequence[str], stores: Stores) -> None:
        self._leader, self._queues, self._stores = leader, queues, stores
        self._occupancy = queue.register_script(OCCUPANCY)

    async def metrics(self) -> Iterable[Metric]:
        if not self._leader.leads:
            return []
        return [*await self._rooms(), *await self._stores.metrics()]

    async def _rooms(self) -> Iterable[Metric]:
        try:
            flat = await self._occupancy(keys=[room_key(queue) for queue in self._queues])
        except Exception:  # its dependency is away, and says so
            return []
        rooms = [Occupancy(*flat[at : at + 2]) for at in range(0, len(flat), 2)]
        depth = GaugeMetricFamily("lectern_queue_depth", "Jobs in the waiting room", labels=["queue"])
        running = GaugeMetricFamily(
            "lectern_queue_running", "Jobs that were let in and have not left", labels=["queue"]
        )
        for queue, room in zip(self._queues, rooms, strict=True):
            depth.add_metric([queue], room.waiting)
            running.add_metric([queue], room.running)
        return [depth, running]


def measure(settings: DispatcherSettings, leader: Leader, queues: Sequence[str], stack: AsyncExitStack) -> None:
    """Until the stack ends."""
    stack.callback(metrics.LEADS.watch_one(lambda: leader.leads))
    if not settings.metrics_listen or settings.store_metrics_seconds <= 0:
        return
    queue, cache = (probe(url, settings, stack) for url in (settings.redis_url, settings.cache_url))
    limit = settings.redis_commands_per_day
    stores = Stores({"queue": queue, "cache": cache}, shared(settings, stack), commands_per_day=limit)
    serve_asked(Measuring(leader, queue, queues, stores).metrics, stack, kept=settings.store_metrics_seconds)
