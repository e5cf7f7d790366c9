"""When a server is ready: asked in its own protocol."""

import grpc
import httpx
from grpc_health.v1 import health_pb2, health_pb2_grpc
from redis.asyncio import Redis

from local.program import Probe

_PATIENCE_SECONDS = 2.0


class NotReadyError(Exception):
    """A server that answers, but not yet with what was hoped for."""


def redis_answers(url: str) -> Probe:
    """A Redis that has loaded its data and answers PING."""

    async def probe() -> None:
        async with Redis.from_url(
            url, socket_timeout=_PATIENCE_SECONDS, socket_connect_timeout=_PATIENCE_SECONDS
        ) as redis:
            await redis.ping()

    return probe


def http_answers(url: str) -> Probe:
    """A server that answers GET with success."""

    async def probe() -> None:
        async with httpx.AsyncClient(timeout=_PATIENCE_SECONDS, trust_env=False) as client:
            (await client.get(url)).raise_for_status()

    return probe


def grpc_serves(target: str) -> Probe:
    """A gRPC server whose standard health service says SERVING."""

    async def probe() -> None:
        async with grpc.aio.insecure_channel(target) as channel:
            stub = health_pb2_grpc.HealthStub(channel)
            request = health_pb2.HealthCheckRequest()
            answer = await stub.Check(request, timeout=_PATIENCE_SECONDS)  # type: ignore[attr-defined] # missing in its types
        if answer.status != health_pb2.HealthCheckResponse.SERVING:
            raise NotReadyError(target)

    return probe
