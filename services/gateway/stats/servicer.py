from typing import Any

from lectern.inference.v1 import operations_pb2
from lectern.ops.v1 import stats_pb2, stats_pb2_grpc

from services.gateway.jobs.convert import queue_message
from services.gateway.stats.gathering import Gathering, Stats


class StatsServicer(stats_pb2_grpc.StatsServiceServicer):
    """`lectern.ops.v1.StatsService`."""

    def __init__(self, gathering: Gathering) -> None:
        self._gathering = gathering

    async def GetStats(self, request: stats_pb2.GetStatsRequest, context: Any) -> stats_pb2.Stats:
        return _message(await self._gathering.stats())


def _message(stats: Stats) -> stats_pb2.Stats:
    message = stats_pb2.Stats(
        active_thread_count=stats.active_threads,
        cache_hit_rate=stats.context_hit_rate,
        memory_bytes=stats.memory_bytes,
        queues=[queue_message(line) for line in stats.lines],
        unanswered=stats.unanswered,
    )
    for layer, lookups in stats.lookups.items():
        message.cache_layers.add(
            layer=layer,
            hit_count=lookups.hits,
            miss_count=lookups.misses,
            hit_rate=lookups.hit_rate,
            entry_count=lookups.entries,
        )
    for process in stats.processes:
        message.processes.add(
            service=process.service,
            instance=process.instance,
            memory_bytes=process.memory_bytes,
            active_turn_count=process.active_turns,
            active_thread_count=process.active_threads,
        )
    for breaker in stats.breakers:
        message.breakers.add(
            provider=f"providers/{breaker.provider}",
            state=operations_pb2.Provider.BreakerState.Value(breaker.state.value),
            request_count=breaker.requests,
            failure_count=breaker.failures,
        )
    return message
