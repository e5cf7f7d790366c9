"""What Redis and MongoDB count of themselves, as metrics."""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

from kit.dependencies import PATIENCE_SECONDS
from kit.mongo import Client
from kit.redis import Redis

# Of INFO: the field, the metric's name, what it says, and whether it only grows.
REDIS = (
    ("total_commands_processed", "lectern_redis_commands_processed", "Commands, with those of scripts", True),
    ("keyspace_hits", "lectern_redis_keyspace_hits", "Keys that were found", True),
    ("keyspace_misses", "lectern_redis_keyspace_misses", "Keys that were not found", True),
    ("evicted_keys", "lectern_redis_evicted_keys", "Keys that had to go for others", True),
    ("rejected_connections", "lectern_redis_rejected_connections", "Clients that found no room", True),
    ("used_memory", "lectern_redis_memory_used_bytes", "Memory in use", False),
    ("maxmemory", "lectern_redis_memory_limit_bytes", "What it may use, 0 for all there is", False),
    ("connected_clients", "lectern_redis_connected_clients", "Clients", False),
    ("uptime_in_seconds", "lectern_redis_uptime_seconds", "Since it started", False),
)
STATES = ("current", "available", "active")


@dataclass(frozen=True)
class Stores:
    """Those that do not answer have no figures; `lectern_dependency_up` says why.

    `commands_per_day` is what a metered Redis includes; 0 is without a limit.
    """

    redis: Mapping[str, Redis]
    database: Client
    commands_per_day: int = 0

    async def metrics(self) -> Iterable[Metric]:
        infos, status = await asyncio.gather(
            asyncio.gather(*(_answer(client.info()) for client in self.redis.values())),
            _answer(self.database.admin.command("serverStatus")),
        )
        known = {name: info for name, info in zip(self.redis, infos, strict=True) if info}
        return [*_of_redis(known), *self._limits(), *(_of_mongodb(status) if status else ())]

    def _limits(self) -> Iterable[Metric]:
        if self.commands_per_day:
            limit = GaugeMetricFamily(
                "lectern_redis_commands_per_day_limit", "Commands that a day may have", labels=["store"]
            )
            for store in self.redis:
                limit.add_metric([store], self.commands_per_day)
            yield limit


async def _answer(asked: Awaitable[Any]) -> Mapping[str, Any]:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            answer: Mapping[str, Any] = await asked
            return answer
    except Exception:  # whatever a driver raises: it has nothing to say
        return {}


def _of_redis(infos: Mapping[str, Mapping[str, Any]]) -> Iterable[Metric]:
    for told, name, documentation, grows in REDIS:
        family = (CounterMetricFamily if grows else GaugeMetricFamily)(name, documentation, labels=["store"])
        for store, info in infos.items():
            if told in info:
                family.add_metric([store], float(info[told]))
        yield family


def _of_mongodb(status: Mapping[str, Any]) -> Iterable[Metric]:
    operations = CounterMetricFamily("lectern_mongodb_operations", "Operations by type", labels=["type"])
    for kind, count in status.get("opcounters", {}).items():
        if isinstance(count, int | float):
            operations.add_metric([kind], float(count))
    connections = GaugeMetricFamily("lectern_mongodb_connections", "Connections by state", labels=["state"])
    for state in STATES:
        if state in status.get("connections", {}):
            connections.add_metric([state], float(status["connections"][state]))
    resident = GaugeMetricFamily("lectern_mongodb_resident_bytes", "Main memory that the server holds")
    resident.add_metric([], float(status.get("mem", {}).get("resident", 0)) * 1024**2)
    return operations, connections, resident
