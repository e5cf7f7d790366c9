"""Who calls too often is told to come back, at every door."""

import contextlib
import uuid
from collections.abc import AsyncIterator
from typing import Any

import grpc
import httpx
import pytest
import pytest_asyncio
import socketio
from lectern.chat.v1 import chat_pb2, chat_pb2_grpc
from lectern.context.v1 import courses_pb2, courses_pb2_grpc
from lectern.threads.v1 import threads_pb2, threads_pb2_grpc
from prometheus_client import REGISTRY

from kit.auth.caller import Caller
from tests.system import VIDEO, System, make_course, whole_system

pytestmark = pytest.mark.asyncio(loop_scope="module")
A_MINUTE = 40
# Calls that no machine makes as slowly as they are allowed.
ENOUGH = 400


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def system(redis_url: str, mongodb_uri: str) -> AsyncIterator[System]:
    jobs = f"jobs_{uuid.uuid4().hex[:8]}"
    async with whole_system(redis_url, mongodb_uri, jobs_database=jobs, user_calls_per_minute=A_MINUTE) as made:
        yield made


@pytest.mark.parametrize("service", ["gateway", "threads", "context"])
async def test_calls_of_one_user_are_bounded_at_every_service(system: System, service: str) -> None:
    metadata = system.metadata(Caller("school", uuid.uuid4().hex))
    async with system.channel(service) as channel:
        courses = courses_pb2_grpc.CourseServiceStub(channel)
        threads = threads_pb2_grpc.ThreadServiceStub(channel)
        chat = chat_pb2_grpc.ChatServiceStub(channel)
        calls = {
            "gateway": lambda: chat.GetTurn(chat_pb2.GetTurnRequest(name="threads/a/turns/b"), metadata=metadata),
            "threads": lambda: threads.ListThreads(threads_pb2.ListThreadsRequest(), metadata=metadata),
            "context": lambda: courses.ListCourses(courses_pb2.ListCoursesRequest(), metadata=metadata),
        }
        call: Any = calls[service]
        served, error = 0, None
        while error is None and served < ENOUGH:
            try:
                await call()
            except grpc.aio.AioRpcError as refused:
                error = refused if refused.code() is grpc.StatusCode.RESOURCE_EXHAUSTED else None
            served += error is None
    assert served >= A_MINUTE
    assert error is not None
    details = dict(error.trailing_metadata() or ())["grpc-status-details-bin"]
    assert b"RATE_LIMITED" in details
    assert b"RetryInfo" in details


@pytest.mark.parametrize(
    ("path", "shape"), [("/openai/v1/models", "error"), ("/api/courses", "success"), ("/v1/documents", "details")]
)
async def test_the_http_face_answers_429_with_when_to_come_back(system: System, path: str, shape: str) -> None:
    headers = {"authorization": f"Bearer {system.token(Caller('school', uuid.uuid4().hex))}"}
    base = f"http://127.0.0.1:{system.ports['http']}"
    async with httpx.AsyncClient(base_url=base, headers=headers, trust_env=False) as client:
        method = "POST" if path == "/v1/documents" else "GET"
        served, answer = 0, await client.request(method, path)
        while answer.status_code != 429 and served < ENOUGH:
            served, answer = served + 1, await client.request(method, path)
    assert served >= A_MINUTE
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    assert shape in answer.json()


async def test_what_services_ask_each_other_costs_the_user_nothing(system: System) -> None:
    ann = Caller("school", uuid.uuid4().hex)
    course = await make_course(system)
    async with system.channel("gateway") as channel:
        chat = chat_pb2_grpc.ChatServiceStub(channel)
        request = chat_pb2.CreateTurnRequest(course=course, message="What does a wave carry?")
        for _ in range(A_MINUTE // 2):
            assert (await chat.CreateTurn(request, metadata=system.metadata(ann))).answer


async def used_up(system: System, caller: Caller) -> None:
    """Has the caller come too often, by calls that count as no question."""
    async with system.channel("gateway") as channel:
        chat = chat_pb2_grpc.ChatServiceStub(channel)
        for _ in range(ENOUGH):
            try:
                request = chat_pb2.GetTurnRequest(name="threads/a/turns/b")
                await chat.GetTurn(request, metadata=system.metadata(caller))
            except grpc.aio.AioRpcError as error:
                if error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED:
                    return
    pytest.fail("the caller was never refused")


async def ask(system: System, door: str, caller: Caller, course: str) -> None:
    """Puts a question through a door; how it ends is not the matter."""
    text = "What does a wave carry?"
    base, token = f"http://127.0.0.1:{system.ports['http']}", system.token(caller)
    if door == "CreateTurn" or door == "StreamTurn":
        async with system.channel("gateway") as channel:
            chat = chat_pb2_grpc.ChatServiceStub(channel)
            with contextlib.suppress(grpc.aio.AioRpcError):
                if door == "CreateTurn":
                    request = chat_pb2.CreateTurnRequest(course=course, video_url=VIDEO, message=text)
                    await chat.CreateTurn(request, metadata=system.metadata(caller))
                else:
                    streamed = chat_pb2.StreamTurnRequest(course=course, video_url=VIDEO, message=text)
                    async for _ in chat.StreamTurn(streamed, metadata=system.metadata(caller)):
                        pass
    elif door == "sockets":
        client = socketio.AsyncClient()
        await client.connect(base, auth={"token": token})
        try:
            await client.call("ask", {"course": course, "videoUrl": VIDEO, "message": text})
        finally:
            await client.disconnect()
    else:
        headers = {"authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(base_url=base, headers=headers, trust_env=False, timeout=30) as http:
            if door == "older":
                await http.get("/api/trainer/chat", params={"courseId": course, "videoUrl": VIDEO, "message": text})
            else:
                body = {"model": "fake", "course": course, "video_url": VIDEO, "input": text}
                body |= {"messages": [{"role": "user", "content": text}]}  # type: ignore[dict-item]
                await http.post(f"/openai/v1/{door}", json=body)


def counted(status: str) -> float:
    return REGISTRY.get_sample_value("ai_chat_requests_total", {"status": status}) or 0


@pytest.mark.parametrize("door", ["CreateTurn", "StreamTurn", "chat/completions", "responses", "older", "sockets"])
async def test_a_question_that_comes_too_often_counts_as_refused(system: System, door: str) -> None:
    ann, course = Caller("school", uuid.uuid4().hex), await make_course(system)
    failed, refused = counted("failed"), counted("refused")
    for _ in range(10):  # a permit may come back before the question does
        await used_up(system, ann)
        await ask(system, door, ann, course)
        if counted("refused") != refused:
            break
    assert counted("refused") == refused + 1
    assert counted("failed") == failed
