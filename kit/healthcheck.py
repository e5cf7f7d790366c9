"""Asks a server for its health: `python -m kit.healthcheck HOST:PORT`; the exit code says how it is."""

import sys
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

SECONDS = 5.0


def serves(address: str) -> bool:
    """Whether a server is there and says SERVING."""
    with grpc.insecure_channel(address) as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)
        try:
            answer = stub.Check(health_pb2.HealthCheckRequest(), timeout=SECONDS, wait_for_ready=True)
        except grpc.RpcError as error:
            print(error, file=sys.stderr)  # noqa: T201 - a command
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


if __name__ == "__main__":
    sys.exit(0 if serves(sys.argv[1]) else 1)
