"""MongoDB goes away and comes back: every service fails at once, inside the deadline, and then serves again."""

import asyncio
import contextlib
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


async def told_at_last(ask: Ask) -> LecternError:
    """At first each call takes all the time it has; what it is told once it fails before."""
    told: LecternError = DeadlineExceeded("")
    for _ in range(20):
        if isinstance(told, DeadlineExceeded):
            with pytest.raises((DeadlineExceeded, Unavailable)) as raised:
                await ask(SHORT)
            told = raised.value
    return told


async def answer(ask: Ask) -> Any:
    """The first answer, however many calls fail before it."""
    while True:
        with contextlib.suppress(LecternError):
            return await ask(SHORT)


async def test_calls_fail_at_once_while_the_database_is_away(redis_url: str, tmp_path: Path) -> None:
    port = free_port()
    uri = f"mongodb://127.0.0.1:{port}/?replicaSet=rs0"
    async with AsyncExitStack() as stack:
        with mongodb_server(tmp_path, port):
            system = await stack.enter_async_context(whole_system(redis_url, uri, disable_cache=True))
            services = [await stack.enter_async_context(asking(system, name)) for name in RPCS]
            before = await asyncio.gather(*(ask(SECONDS) for ask in services))
        told = await asyncio.gather(*(told_at_last(ask) for ask in services))
        assert [type(error) for error in told] == [Unavailable] * len(RPCS)
        assert all("database" in error.message for error in told)
        with mongodb_server(tmp_path, port):
            assert await asyncio.gather(*(answer(ask) for ask in services)) == before
            await stack.aclose()
