from collections.abc import Mapping
from typing import Any

from lectern.ops.v1 import ops_pb2, ops_pb2_grpc

from kit import VERSION
from services.gateway.health.checks import Check, examine


class HealthServicer(ops_pb2_grpc.HealthServiceServicer):
    """`lectern.ops.v1.HealthService`."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks

    async def GetHealth(self, request: ops_pb2.GetHealthRequest, context: Any) -> ops_pb2.Health:
        status, parts = await examine(self._checks)
        health = ops_pb2.Health(status=ops_pb2.Health.Status.Value(status.value), version=VERSION)
        health.check_time.GetCurrentTime()
        for part in parts:
            health.dependencies.add(
                name=part.name,
                status=ops_pb2.Health.Status.Value(part.status.value),
                message=part.message,
                latency_ms=round(part.seconds * 1000, 2),
            )
        return health
