"""The whole system with its queues switched off, and neither dispatcher nor workers."""

import uuid
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from lectern.chat.v1 import chat_pb2, chat_pb2_grpc
from lectern.jobs.v1 import queues_pb2, queues_pb2_grpc
from lectern.threads.v1 import reports_pb2, reports_pb2_grpc, threads_pb2, threads_pb2_grpc

from kit.auth.caller import Caller, Role
from tests.system import STUDENT, VIDEO, System, make_course, whole_system
from tests.working import until

OPERATOR = Caller("school", "olga", frozenset({Role.ADMIN}))


@pytest.fixture
async def system(redis_url: str, mongodb_uri: str) -> AsyncIterator[System]:
    jobs = f"jobs_{uuid.uuid4().hex[:8]}"
    async with whole_system(redis_url, mongodb_uri, jobs_database=jobs, disable_queues=True) as made:
        yield made


async def refusal(call: Any) -> tuple[grpc.StatusCode, bool]:
    """The status, and whether its reason is that queues are off."""
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    details = dict(refused.value.trailing_metadata() or ())["grpc-status-details-bin"]
    return refused.value.code(), b"QUEUES_DISABLED" in details


async def test_light_jobs_run_heavy_ones_are_refused_and_all_else_works(system: System) -> None:
    metadata = system.metadata(STUDENT)
    course = await make_course(system)
    await system.provider.script(text='Title: "Waves and energy"')
    async with system.channel("gateway") as gateway, system.channel("threads") as threads:
        chat = chat_pb2_grpc.ChatServiceStub(gateway)
        asked: dict[str, Any] = {"course": course, "video_url": VIDEO, "message": "What does a wave carry?"}
        turn = await chat.CreateTurn(chat_pb2.CreateTurnRequest(**asked), metadata=metadata)

        async def titled() -> bool:
            stub = threads_pb2_grpc.ThreadServiceStub(threads)
            found = await stub.GetThread(threads_pb2.GetThreadRequest(name=turn.thread), metadata=metadata)
            return bool(found.title == "Waves and energy")

        await until(titled)
        switched_off = (grpc.StatusCode.FAILED_PRECONDITION, True)
        enqueued = chat.EnqueueTurn(chat_pb2.EnqueueTurnRequest(**asked), metadata=metadata)
        assert await refusal(enqueued) == switched_off
        reports = reports_pb2_grpc.ReportServiceStub(threads)
        report = reports.CreateReport(reports_pb2.CreateReportRequest(parent=turn.thread), metadata=metadata)
        assert await refusal(report) == switched_off
        assert (await chat.CreateTurn(chat_pb2.CreateTurnRequest(**asked), metadata=metadata)).answer
        await system.provider.script(status=503)
        asked["course"], asked["video_url"] = await make_course(system, []), ""
        events = [event async for event in chat.StreamTurn(chat_pb2.StreamTurnRequest(**asked), metadata=metadata)]
        assert (events[-1].failed.reason, events[-1].failed.offer) == ("PROVIDERS_UNAVAILABLE", "")
        queues = queues_pb2_grpc.QueueServiceStub(gateway)
        listed = await queues.ListQueues(queues_pb2.ListQueuesRequest(), metadata=system.metadata(OPERATOR))
        assert "queues/titles" in {queue.name for queue in listed.queues}
