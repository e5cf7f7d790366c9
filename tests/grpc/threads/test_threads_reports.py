"""Reports: asked for over gRPC, written by a real worker, read by those who may."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import orjson
import pytest
from lectern.chat.v1 import chat_pb2, chat_pb2_grpc
from lectern.jobs.v1 import jobs_pb2
from lectern.threads.v1 import reports_pb2, reports_pb2_grpc, threads_pb2, threads_pb2_grpc

from kit.auth.caller import Caller
from kit.jobs.model import State
from tests.system import TEACHER, VIDEO, make_course, whole_system
from tests.working import Works, works

ANN, BEN = Caller("school", "ann"), Caller("school", "ben")
DRAFT = {
    "title": "Waves",
    "summary": "Ann asked what a wave carries.",
    "asked": [{"text": "What a wave carries", "citations": []}],
    "understood": [{"text": "A wave carries energy", "citations": [1]}],
    "unclear": [],
    "nextSteps": [{"text": "Watch the passage again", "citations": [1]}],
}

pytestmark = pytest.mark.timeout(180)


@dataclass(frozen=True)
class Desk:
    """Where reports are asked for, beside a worker that is started on demand."""

    works: Works
    stub: reports_pb2_grpc.ReportServiceStub
    thread: str

    async def ask(self, caller: Caller, request_id: str = "") -> jobs_pb2.Job:
        request = reports_pb2.CreateReportRequest(parent=self.thread, request_id=request_id)
        return await self.stub.CreateReport(request, metadata=self.works.system.metadata(caller))

    async def get(self, name: str, caller: Caller) -> reports_pb2.Report:
        request = reports_pb2.GetReportRequest(name=name)
        return await self.stub.GetReport(request, metadata=self.works.system.metadata(caller))

    async def names(self, caller: Caller) -> list[str]:
        request = reports_pb2.ListReportsRequest(thread=self.thread)
        listed = await self.stub.ListReports(request, metadata=self.works.system.metadata(caller))
        return [report.name for report in listed.reports]

    async def written(self, caller: Caller, request_id: str = "") -> reports_pb2.Report:
        done = await self.works.ended((await self.ask(caller, request_id)).name)
        assert done.state is State.SUCCEEDED, done.failure
        assert done.result is not None
        return await self.get(done.result["report"], caller)


@pytest.fixture
async def desk(redis_url: str, mongodb_uri: str, tmp_path: Path) -> AsyncIterator[Desk]:
    jobs = f"jobs_{uuid.uuid4().hex[:8]}"
    async with (
        whole_system(redis_url, mongodb_uri, jobs_database=jobs) as system,
        works(system, tmp_path / "log") as made,
        system.channel("gateway") as gateway,
        system.channel("threads") as threads,
    ):
        await system.provider.script(
            [{"model": "fake-bulk", "script": {"text": orjson.dumps(DRAFT).decode()}}],
            text="It carries energy from place to place [1].",
        )
        request = chat_pb2.CreateTurnRequest(course=await make_course(system), video_url=VIDEO, message="What is it?")
        turn = await chat_pb2_grpc.ChatServiceStub(gateway).CreateTurn(request, metadata=system.metadata(ANN))
        assert turn.citations[0].verified
        yield Desk(made, reports_pb2_grpc.ReportServiceStub(threads), turn.thread)


async def test_a_report_is_written_once_for_whoever_asks_twice(desk: Desk) -> None:
    first, second = await asyncio.gather(desk.ask(ANN), desk.ask(ANN))
    assert first.name == second.name
    assert (await desk.ask(ANN, "r1")).name != first.name
    with desk.works.worker("services.threads.worker"):
        report = await desk.written(ANN)
    assert (report.title, report.degraded, report.model, report.turn_count) == ("Waves", False, "fake-bulk", 1)
    [understood] = report.understood
    [citation] = understood.citations
    assert citation.verified
    assert (citation.video_url, citation.HasField("start_offset")) == (VIDEO, True)
    assert "## What is understood" in report.markdown
    assert "#t=" in report.markdown


async def test_a_model_that_writes_no_json_leaves_a_report_that_says_so(desk: Desk) -> None:
    await desk.works.system.provider.script(text="I could not say.")
    with desk.works.worker("services.threads.worker"):
        report = await desk.written(ANN)
    assert report.degraded
    assert [point.text for point in report.asked] == ["What is it?"]
    assert report.understood[0].citations[0].verified


async def test_teachers_report_on_their_students_and_classmates_do_not(desk: Desk) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await desk.ask(BEN)
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND
    with desk.works.worker("services.threads.worker"):
        report = await desk.written(TEACHER)
    assert (report.user, report.requester) == ("ann", "tess")
    assert await desk.get(report.name, ANN) == report
    with pytest.raises(grpc.aio.AioRpcError) as hidden:
        await desk.get(report.name, BEN)
    assert hidden.value.code() is grpc.StatusCode.NOT_FOUND
    assert (await desk.names(TEACHER), await desk.names(ANN), await desk.names(BEN)) == (
        [report.name],
        [report.name],
        [],
    )


async def test_a_deleted_thread_takes_its_reports_along_and_fails_what_is_asked_of_it(desk: Desk) -> None:
    system = desk.works.system
    with desk.works.worker("services.threads.worker"):
        report = await desk.written(ANN)
    late = await desk.ask(ANN, "late")
    async with system.channel("threads") as channel:
        threads = threads_pb2_grpc.ThreadServiceStub(channel)
        await threads.DeleteThread(threads_pb2.DeleteThreadRequest(name=desk.thread), metadata=system.metadata(ANN))
    with pytest.raises(grpc.aio.AioRpcError) as gone:
        await desk.get(report.name, ANN)
    assert gone.value.code() is grpc.StatusCode.NOT_FOUND
    with desk.works.worker("services.threads.worker"):
        failed = await desk.works.ended(late.name)
    assert failed.state is State.FAILED
    assert failed.failure is not None
    assert failed.failure.reason == "THREAD_NOT_FOUND"
    assert not await desk.names(TEACHER)
