from typing import Any

from lectern.ops.v1 import ops_pb2, ops_pb2_grpc

from kit import VERSION
from services.gateway.health.checks import Examination, Examiner


class HealthServicer(ops_pb2_grpc.HealthServiceServicer):
    """`lectern.ops.v1.HealthService`."""

    def __init__(self, examiner: Examiner) -> None:
        self._examiner = examiner
        self._told: tuple[Examination | None, bytes] = (None, b"")

    async def GetHealth(self, request: ops_pb2.GetHealthRequest, context: Any) -> Any:
        """Serialized once for each examination: balancers and pages ask far more often than anything changes."""
        found = await self._examiner.examination()
        if self._told[0] is not found:
            self._told = (found, _message(found).SerializeToString())
        return self._told[1]


def _message(found: Examination) -> ops_pb2.Health:
    health = ops_pb2.Health(status=ops_pb2.Health.Status.Value(found.status.value), version=VERSION)
    health.check_time.FromMilliseconds(round(found.time * 1000))
    for part in found.parts:
        health.dependencies.add(
            name=part.name,
            status=ops_pb2.Health.Status.Value(part.status.value),
            message=part.message,
            latency_ms=round(part.seconds * 1000, 2),
        )
    return health
