"""Insights: questions over the whole system, counted by a real worker, read by a teacher."""

import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from lectern.chat.v1 import chat_pb2, chat_pb2_grpc
from lectern.threads.v1 import insights_pb2, insights_pb2_grpc

from kit.auth.caller import Caller
from kit.errors import Reason
from kit.jobs.model import State, Submission
from tests.system import TEACHER, VIDEO, System, make_course, whole_system
from tests.working import Works, until, works

ANN, BEN = Caller("school", "ann"), Caller("school", "ben")

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
async def shop(redis_url: str, mongodb_uri: str, tmp_path: Path) -> AsyncIterator[Works]:
    jobs = f"jobs_{uuid.uuid4().hex[:8]}"
    async with (
        whole_system(redis_url, mongodb_uri, jobs_database=jobs, analytics_seconds=1) as system,
        works(system, tmp_path / "log") as made,
    ):
        yield made


async def ask(system: System, course: str, caller: Caller, message: str, position: int) -> None:
    async with system.channel("gateway") as channel:
        request = chat_pb2.CreateTurnRequest(
            course=course, video_url=VIDEO, message=message, position=Duration(seconds=position)
        )
        await chat_pb2_grpc.ChatServiceStub(channel).CreateTurn(request, metadata=system.metadata(caller))


async def insights(system: System, course: str, caller: Caller = TEACHER) -> insights_pb2.Insights:
    async with system.channel("threads") as channel:
        request = insights_pb2.GetInsightsRequest(name=course)
        stub = insights_pb2_grpc.InsightServiceStub(channel)
        return await stub.GetInsights(request, metadata=system.metadata(caller))


async def test_a_teacher_sees_where_and_what_students_ask(shop: Works) -> None:
    system, course = shop.system, await make_course(shop.system)
    empty = await insights(system, course)
    assert (empty.question_count, empty.HasField("update_time")) == (0, False)
    await ask(system, course, ANN, "What does frequency count?", 8)
    await ask(system, course, BEN, "Frequency in hertz?", 11)

    async def counted() -> bool:
        return (await insights(system, course)).question_count == 2

    with shop.worker("services.threads.worker"):
        await until(counted)
    seen = await insights(system, course)
    assert (seen.answered_count, seen.active_student_count) == (2, 2)
    [video] = seen.videos
    assert (video.video_url, video.question_count) == (VIDEO, 2)
    assert [(one.start_offset.seconds, one.question_count) for one in video.bins] == [(0, 1), (10, 1)]
    assert (seen.topics[0].text, seen.topics[0].question_count) == ("frequency", 2)
    assert seen.HasField("update_time")


async def test_the_clocks_jobs_run_and_students_see_no_insights(shop: Works) -> None:
    system, course = shop.system, await make_course(shop.system)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await insights(system, course, ANN)
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    with pytest.raises(grpc.aio.AioRpcError) as missing:
        await insights(system, "courses/none")
    assert Reason.COURSE_NOT_FOUND.value in str(missing.value.trailing_metadata())
    rolled = await shop.jobs.submit(TEACHER, Submission("roll_up_insights"))
    kept = await shop.jobs.submit(TEACHER, Submission("apply_retention"))
    with shop.worker("services.threads.worker"):
        assert (await shop.ended(rolled.id)).state is State.SUCCEEDED
        assert (await shop.ended(kept.id)).result == {"deleted": 0}
