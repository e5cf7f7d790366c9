"""What dispatchers tell of queues and stores: the one that leads alone, so that nothing is counted twice."""

import asyncio
import uuid
from contextlib import AsyncExitStack
from typing import Any

import pytest
from prometheus_client.metrics_core import Metric

from kit import mongo
from kit.dependencies import probe
from kit.jobs.dispatcher.measuring import Measuring
from kit.jobs.dispatcher.stores import Stores
from kit.jobs.model import Ticket
from kit.jobs.policies import Queue
from kit.jobs.ports import Rules
from kit.jobs.redis.room import RedisRoom
from kit.jobs.settings import DispatcherSettings


class Lead:
    """A leader as far as it is asked here."""

    leads = True


def values(metrics: list[Metric], name: str, label: str) -> dict[str, float]:
    return {s.labels[label]: s.value for family in metrics for s in family.samples if s.name == name}


@pytest.fixture
def settings(redis_url: str, mongodb_uri: str) -> DispatcherSettings:
    return DispatcherSettings(redis_url=redis_url, mongodb_uri=mongodb_uri)


async def test_the_leader_tells_of_rooms_and_stores_and_who_stands_by_is_silent(settings: DispatcherSettings) -> None:
    name, lead = f"line-{uuid.uuid4().hex[:8]}", Lead()
    async with AsyncExitStack() as stack:
        redis = probe(settings.redis_url, settings, stack)
        room = RedisRoom(redis)
        await room.govern(Rules(Queue(name, concurrency=2, per_worker=1), 2, paused=False))
        await room.enter([Ticket(f"{name}-{number}", "kind", name, "ana", 10, 1) for number in range(5)])
        stores = Stores({"queue": redis, "cache": redis}, mongo.shared(settings, stack), commands_per_day=10_000)
        leader: Any = lead
        measuring = Measuring(leader, redis, [name, "empty"], stores)
        metrics = list(await measuring.metrics())
        lead.leads = False
        assert list(await measuring.metrics()) == []
    assert values(metrics, "lectern_queue_depth", "queue") == {name: 3, "empty": 0}
    assert values(metrics, "lectern_queue_running", "queue") == {name: 2, "empty": 0}
    for told in ("lectern_redis_commands_processed_total", "lectern_redis_memory_used_bytes"):
        assert min(values(metrics, told, "store").values()) > 0, told
    assert values(metrics, "lectern_redis_commands_per_day_limit", "store") == {"queue": 10_000, "cache": 10_000}
    assert values(metrics, "lectern_mongodb_connections", "state")["current"] > 0


async def test_stores_that_are_away_have_no_figures(settings: DispatcherSettings) -> None:
    gone = settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0", "mongodb_uri": "mongodb://127.0.0.1:1/"})
    async with AsyncExitStack() as stack:
        redis, leader = probe(gone.redis_url, gone, stack), Lead()
        stores = Stores({"queue": redis}, mongo.shared(gone, stack))
        asked: Any = leader
        async with asyncio.timeout(5):
            metrics = list(await Measuring(asked, redis, ["line"], stores).metrics())
    assert [sample for family in metrics for sample in family.samples] == []
