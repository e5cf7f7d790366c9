"""The figures of the fleet, and what is told while a part of it is away."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from lectern.inference.v1 import operations_pb2
from lectern.ops.v1 import stats_pb2, stats_pb2_grpc
from prometheus_client import CollectorRegistry, Counter, Gauge

from kit import redis
from kit.auth.caller import Caller, Role
from kit.outage import Outage
from kit.vitals.ports import Lookups
from kit.vitals.posting import posting
from kit.vitals.reading import memory_bytes, vitals
from kit.vitals.redis import KEY, RedisVitals
from tests.system import System, whole_system

ADMIN = Caller("school", "olga", frozenset({Role.ADMIN}))
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def system(redis_url: str, mongodb_uri: str) -> AsyncIterator[System]:
    async with whole_system(redis_url, mongodb_uri) as made:
        yield made


async def _stats(system: System) -> stats_pb2.Stats:
    async with system.channel("gateway") as channel:
        stub = stats_pb2_grpc.StatsServiceStub(channel)
        return await stub.GetStats(stats_pb2.GetStatsRequest(), metadata=system.metadata(ADMIN), timeout=10)


def _metrics(hits: int, misses: int, **contexts: tuple[int, int]) -> CollectorRegistry:
    """The metrics of a process that looked so often into its caches; `contexts` are hits and misses by layer."""
    registry = CollectorRegistry()
    lookups = Counter("lectern_cache_requests", "Look-ups", ["layer", "result"], registry=registry)
    lookups.labels("answer", "hit").inc(hits)
    lookups.labels("answer", "miss").inc(misses)
    for layer, (found, missed) in contexts.items():
        lookups.labels(f"context_{layer}", "hit").inc(found)
        lookups.labels(f"context_{layer}", "miss").inc(missed)
    Gauge("ai_chat_active_threads", "Threads", registry=registry).set(7)
    Gauge("lectern_turns_running", "Turns", registry=registry).set(2)
    return registry


async def test_the_figures_of_all_instances_are_summed_up(system: System, redis_url: str) -> None:
    client = redis.connect(redis_url, system.settings)
    await client.delete(KEY)
    board = RedisVitals(client, Outage("vitals", client.ping))
    await board.post(vitals("inference", "inference-1", _metrics(3, 1)), 60)
    await board.post(vitals("inference", "inference-2", _metrics(5, 1)), 60)
    stats = await _stats(system)
    assert stats.active_thread_count == 14
    assert [process.active_turn_count for process in stats.processes] == [2, 2]
    assert [(layer.layer, layer.hit_count, layer.miss_count) for layer in stats.cache_layers] == [("answer", 8, 2)]
    assert stats.cache_hit_rate == 0, "no context was looked up"
    assert stats.memory_bytes == sum(process.memory_bytes for process in stats.processes) > 0
    assert [breaker.provider for breaker in stats.breakers] == ["providers/fake"]
    assert stats.breakers[0].state == operations_pb2.Provider.CLOSED
    assert "queues/reports" in {queue.name for queue in stats.queues}
    assert not stats.unanswered
    await client.delete(KEY)
    await client.aclose()


async def test_the_hit_rate_is_that_of_contexts_alone(system: System, redis_url: str) -> None:
    client = redis.connect(redis_url, system.settings)
    await client.delete(KEY)
    board = RedisVitals(client, Outage("vitals", client.ping))
    await board.post(vitals("context", "context-1", _metrics(100, 0, process=(6, 2), redis=(30, 10))), 60)
    await board.post(vitals("context", "context-2", _metrics(0, 900, process=(0, 2), redis=(0, 0))), 60)
    stats = await _stats(system)
    assert stats.cache_hit_rate == pytest.approx(0.6 + 0.4 * 0.75)
    assert {layer.layer: layer.hit_rate for layer in stats.cache_layers}["answer"] == pytest.approx(0.1)
    await client.delete(KEY)
    await client.aclose()


async def test_a_process_posts_its_vitals_while_it_lives(system: System, redis_url: str) -> None:
    client = redis.connect(redis_url, system.settings)
    board = RedisVitals(client, Outage("vitals", client.ping))
    async with posting("threads", board, _metrics(1, 0)):
        while not (posted := await board.read()):
            pass
    assert posted[0].service == "threads"
    assert posted[0].lookups == {"answer": Lookups(1, 0)}
    assert 0 < posted[0].memory_bytes <= 2 * memory_bytes()
    await client.aclose()


async def test_the_gateway_tells_the_contract_of_all_services(system: System) -> None:
    async with system.channel("gateway") as channel:
        stub: Any = reflection_pb2_grpc.ServerReflectionStub(channel)  # type: ignore[arg-type] # typed for the blocking channel alone
        request = reflection_pb2.ServerReflectionRequest(list_services="")
        [answer] = [each async for each in stub.ServerReflectionInfo(iter([request]), timeout=10)]
    names = {service.name for service in answer.list_services_response.service}
    assert {"lectern.chat.v1.ChatService", "lectern.threads.v1.ThreadService"} <= names
    assert {"lectern.context.v1.CourseService", "lectern.inference.v1.ProviderService"} <= names
    assert not [name for name in names if "Grounding" in name or "Generation" in name], "internal ones are not listed"
