"""Asks a process for its health; the exit code says how it is.

`python -m kit.healthcheck HOST:PORT` asks that server. Without an address, as a container's own check, it asks what
runs beside it: a worker by the file that LECTERN_HEALTH_FILE names, where there is one, otherwise a server at the port
of LECTERN_HEALTH_LISTEN.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kit.alive import alive

SECONDS = 5.0


def healthy(arguments: Sequence[str], environ: Mapping[str, str]) -> bool:
    """Raises LookupError where nothing says whom to ask."""
    if arguments:
        return serves(arguments[0])
    file = environ.get("LECTERN_HEALTH_FILE", "")
    if file and Path(file).exists():
        return alive(Path(file))
    _, _, port = environ.get("LECTERN_HEALTH_LISTEN", "").rpartition(":")
    if not port:
        raise LookupError("name a server, or set LECTERN_HEALTH_LISTEN or LECTERN_HEALTH_FILE")
    return serves(f"127.0.0.1:{port}")


def serves(address: str) -> bool:
    """Whether a server is there and says SERVING."""
    # A worker's file needs none of this, and is asked for often.
    import grpc
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    with grpc.insecure_channel(address) as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)
        try:
            answer = stub.Check(health_pb2.HealthCheckRequest(), timeout=SECONDS, wait_for_ready=True)
        except grpc.RpcError as error:
            print(error, file=sys.stderr)  # noqa: T201 - a command
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


if __name__ == "__main__":
    try:
        sys.exit(0 if healthy(sys.argv[1:], os.environ) else 1)
    except LookupError as error:
        sys.exit(str(error))
