"""MongoDB goes away and comes back: every service fails at once, inside the deadline, and then serves again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from lectern.context.v1 import courses_pb2, courses_pb2_grpc
from lectern.inference.v1 import operations_pb2, operations_pb2_grpc
from lectern.jobs.v1 import jobs_pb2, jobs_pb2_grpc
from lectern.threads.v1 import threads_pb2, threads_pb2_grpc

from kit.channel import Peer
from kit.errors import DeadlineExceeded, LecternError, Unavailable
from tests.servers import free_port, mongodb_server
from tests.system import STUDENT, System, whole_system

Ask = Callable[[float], Awaitable[Any]]
SECONDS, SHORT = 10.0, 0.3
RPCS: dict[str, tuple[Any, str, Any]] = {
    "threads": (threads_pb2_grpc.ThreadServiceStub, "ListThreads", threads_pb2.ListThreadsRequest()),
    "context": (courses_pb2_grpc.CourseServiceStub, "ListCourses", courses_pb2.ListCoursesRequest()),
    "gateway": (jobs_pb2_grpc.JobServiceStub, "ListJobs", jobs_pb2.ListJobsRequest()),
    "inference": (operations_pb2_grpc.UsageServiceStub, "GetUsage", operations_pb2.GetUsageRequest()),
}


@asynccontextmanager
async def asking(system: System, service: str) -> AsyncIterator[Ask]:
    """One call that needs the database of the service, with a time limit in seconds."""
    stub, method, request = RPCS[service]
    peer = Peer(f"127.0.0.1:{system.ports[service]}", service="gateway", secret=system.settings.internal_secret)
    rpc = getattr(peer.stub(stub), method)
    try:
        yield lambda timeout: peer.call(rpc, request, STUDENT, timeout=timeout)
    finally:
        await peer.close()


async def fails_fast(ask: Ask) -> None:
    """At first each call takes all the time it has; then it is told at once that the database is away."""
    told: LecternError = DeadlineExceeded("")
    for _ in range(20):
        if isinstance(told, DeadlineExceeded):
            with pytest.raises((DeadlineExceeded, Unavailable)) as raised:
                await ask(SHORT)
            told = raised.value
    assert isinstance(told, Unavailable)
    assert "database" in told.message


async def serves(ask: Ask) -> None:
    while True:
        try:
            await ask(SHORT)
        except LecternError:
            continue
        return


async def test_calls_fail_at_once_while_the_database_is_away(redis_url: str, tmp_path: Path) -> None:
    port = free_port()
    uri = f"mongodb://127.0.0.1:{port}/?replicaSet=rs0"
    async with AsyncExitStack() as stack:
        with mongodb_server(tmp_path, port):
            system = await stack.enter_async_context(whole_system(redis_url, uri, disable_cache=True))
            services = [await stack.enter_async_context(asking(system, name)) for name in RPCS]
            await asyncio.gather(*(ask(SECONDS) for ask in services))
        await asyncio.gather(*(fails_fast(ask) for ask in services))
        with mongodb_server(tmp_path, port):
            await asyncio.gather(*(serves(ask) for ask in services))
            await stack.aclose()
