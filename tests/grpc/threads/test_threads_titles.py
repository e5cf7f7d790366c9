"""Titles: a first turn over the whole system, and a real worker that names the thread."""

import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from lectern.chat.v1 import chat_pb2, chat_pb2_grpc
from lectern.threads.v1 import threads_pb2, threads_pb2_grpc

from kit.auth.caller import Caller
from kit.jobs.model import State
from kit.jobs.submitting import job_id
from tests.system import VIDEO, System, make_course, whole_system
from tests.working import Works, works

QUESTION = "Was trägt eine Welle?"

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
async def shop(redis_url: str, mongodb_uri: str, tmp_path: Path) -> AsyncIterator[Works]:
    jobs = f"jobs_{uuid.uuid4().hex[:8]}"
    async with whole_system(redis_url, mongodb_uri, jobs_database=jobs) as system, works(system, tmp_path / "log") as w:
        yield w


async def asked(system: System, caller: Caller) -> str:
    """The thread of a first question."""
    course = await make_course(system)
    async with system.channel("gateway") as channel:
        chat = chat_pb2_grpc.ChatServiceStub(channel)
        request = chat_pb2.CreateTurnRequest(course=course, video_url=VIDEO, message=QUESTION)
        return str((await chat.CreateTurn(request, metadata=system.metadata(caller))).thread)


async def title_of(system: System, thread: str, caller: Caller) -> str:
    async with system.channel("threads") as channel:
        stub = threads_pb2_grpc.ThreadServiceStub(channel)
        found = await stub.GetThread(threads_pb2.GetThreadRequest(name=thread), metadata=system.metadata(caller))
        return str(found.title)


async def renamed(system: System, thread: str, title: str, caller: Caller) -> None:
    async with system.channel("threads") as channel:
        stub = threads_pb2_grpc.ThreadServiceStub(channel)
        request = threads_pb2.UpdateThreadRequest(
            thread=threads_pb2.Thread(name=thread, title=title), update_mask=FieldMask(paths=["title"])
        )
        await stub.UpdateThread(request, metadata=system.metadata(caller))


def title_job(thread: str) -> str:
    return job_id("school", "generate_title", thread.removeprefix("threads/"))


async def test_a_first_turn_ends_with_a_title_unless_the_user_chose_one(shop: Works) -> None:
    system, ann, ben = shop.system, Caller("school", "ann"), Caller("school", "ben")
    threads = {caller: await asked(system, caller) for caller in (ann, ben)}
    assert await title_of(system, threads[ann], ann) == QUESTION
    await renamed(system, threads[ben], "Mine", ben)
    await system.provider.script(text='Title: "Energie der Wellen" [1]')
    with shop.worker("services.threads.worker"):
        done = await shop.ended(title_job(threads[ann]))
        assert (done.state, done.result) == (State.SUCCEEDED, {"title": "Energie der Wellen"})
        assert (await shop.ended(title_job(threads[ben]))).result == {"title": ""}
    assert await title_of(system, threads[ann], ann) == "Energie der Wellen"
    assert await title_of(system, threads[ben], ben) == "Mine"
