"""How requests are counted, through each door: only what is our fault is called so."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
import httpx
import pytest
import pytest_asyncio
import socketio
from lectern.chat.v1 import chat_pb2, chat_pb2_grpc
from prometheus_client import REGISTRY

from services.gateway.observed import STATUSES
from tests.system import STUDENT, VIDEO, System, make_course, whole_system

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANSWER = "A wave carries energy from place to place [1]."
SLOW: dict[str, Any] = {"text": ANSWER, "words_per_second": 2}
BROKEN: dict[str, Any] = {"text": ANSWER, "cut_after": 2}
AWAY: dict[str, Any] = {"status": 500}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def system(redis_url: str, mongodb_uri: str) -> AsyncIterator[System]:
    async with whole_system(redis_url, mongodb_uri, breaker_minimum=1000) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def course(system: System) -> str:
    return await make_course(system)


@pytest_asyncio.fixture(loop_scope="module")
async def chat(system: System) -> AsyncIterator[Any]:
    await system.provider.script(text=ANSWER)
    async with system.channel("gateway") as channel:
        yield chat_pb2_grpc.ChatServiceStub(channel)


def http(system: System) -> httpx.AsyncClient:
    headers = {"authorization": f"Bearer {system.token(STUDENT)}"}
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{system.ports['http']}", headers=headers, timeout=30)


def counted() -> dict[str, float]:
    return {status: REGISTRY.get_sample_value("ai_chat_requests_total", {"status": status}) or 0 for status in STATUSES}


async def grew(asked: Callable[[], Awaitable[Any]]) -> dict[str, float]:
    """By how much each status grew by this, once anything is counted."""
    before = counted()
    await asked()
    async with asyncio.timeout(10):
        while counted() == before:  # noqa: ASYNC110 - counters tell nobody when they grow
            await asyncio.sleep(0.01)
    after = counted()
    return {status: after[status] - before[status] for status in STATUSES if after[status] != before[status]}


def text() -> str:
    return f"What does a wave carry? {uuid.uuid4().hex}"


def stream(system: System, chat: Any, course: str, message: str = "") -> Any:
    request = chat_pb2.StreamTurnRequest(course=course, video_url=VIDEO, message=message or text())
    return chat.StreamTurn(request, metadata=system.metadata(STUDENT), timeout=30)


async def read(events: Any) -> None:
    async for _ in events:
        pass


async def test_an_answer_is_completed(system: System, chat: Any, course: str) -> None:
    assert await grew(lambda: read(stream(system, chat, course))) == {"completed": 1}


async def test_passages_alone_are_degraded(system: System, chat: Any, course: str) -> None:
    await system.provider.script(**AWAY)
    assert await grew(lambda: read(stream(system, chat, course))) == {"degraded": 1}


async def test_an_answer_that_breaks_off_has_failed(system: System, chat: Any, course: str) -> None:
    await system.provider.script(**BROKEN)
    assert await grew(lambda: read(stream(system, chat, course))) == {"failed": 1}


async def test_a_reader_who_goes_has_left(system: System, chat: Any, course: str) -> None:
    await system.provider.script(**SLOW)

    async def leave() -> None:
        events = stream(system, chat, course)
        async for event in events:
            if event.WhichOneof("event") == "delta":
                events.cancel()
                return

    assert await grew(leave) == {"left": 1}


@pytest.mark.parametrize("granted", [0.05, 0.5])
@pytest.mark.parametrize("streamed", [True, False])
async def test_a_client_that_grants_no_time_has_left(
    system: System, chat: Any, course: str, streamed: bool, granted: float
) -> None:
    await system.provider.script(**SLOW)

    async def ask() -> None:
        how = {"metadata": system.metadata(STUDENT), "timeout": granted}
        with contextlib.suppress(grpc.aio.AioRpcError):
            if streamed:
                await read(chat.StreamTurn(chat_pb2.StreamTurnRequest(course=course, message=text()), **how))
            else:
                await chat.CreateTurn(chat_pb2.CreateTurnRequest(course=course, message=text()), **how)

    assert await grew(ask) == {"left": 1}


async def test_stop_is_cancelled(system: System, chat: Any, course: str) -> None:
    await system.provider.script(**SLOW)

    async def stop() -> None:
        turn = ""
        async for event in stream(system, chat, course):
            if event.WhichOneof("event") == "delta":
                await chat.CancelTurn(chat_pb2.CancelTurnRequest(name=turn), metadata=system.metadata(STUDENT))
            elif event.WhichOneof("event") == "started":
                turn = event.started.turn

    assert await grew(stop) == {"cancelled": 1}


@pytest.mark.parametrize(("course_name", "message"), [("courses/unknown", "Why?"), ("no name", "Why?"), ("", "")])
async def test_what_is_at_fault_is_refused(system: System, chat: Any, course_name: str, message: str) -> None:
    async def ask() -> None:
        with pytest.raises(Exception):  # noqa: B017, PT011 - which one is not the matter
            await read(stream(system, chat, course_name, message))

    assert await grew(ask) == {"refused": 1}


@pytest.mark.parametrize("door", ["openai", "legacy"])
async def test_the_doors_over_http_count_alike(system: System, chat: Any, course: str, door: str) -> None:
    async def ask(at: str) -> int:
        async with http(system) as client:
            if door == "legacy":
                query = {"courseId": at, "videoUrl": VIDEO, "message": text()}
                return (await client.get("/api/trainer/chat", params=query)).status_code
            body = {"model": "fake", "course": at, "video_url": VIDEO}
            body |= {"messages": [{"role": "user", "content": text()}]}  # type: ignore[dict-item]
            return (await client.post("/openai/v1/chat/completions", json=body)).status_code

    assert await grew(lambda: ask(course)) == {"completed": 1}
    assert await grew(lambda: ask("courses/unknown")) == {"refused": 1}
    assert await grew(lambda: ask("no name")) == {"refused": 1}
    await system.provider.script(**BROKEN)
    assert await grew(lambda: ask(course)) == {"failed": 1}


async def test_sockets_count_alike(system: System, chat: Any, course: str) -> None:
    client = socketio.AsyncClient()
    await client.connect(f"http://127.0.0.1:{system.ports['http']}", auth={"token": system.token(STUDENT)})

    async def ask(at: str) -> None:
        await client.call("ask", {"course": at, "videoUrl": VIDEO, "message": text()})

    try:
        assert await grew(lambda: ask(course)) == {"completed": 1}
        assert await grew(lambda: ask("no name")) == {"refused": 1}
        await system.provider.script(**SLOW)
        await ask(course)
        assert await grew(client.disconnect) == {"left": 1}
    finally:
        await client.disconnect()


BAD_BODIES: dict[str, dict[str, Any]] = {
    "chat/completions": {"model": "fake", "messages": []},
    "responses": {"model": "fake", "input": []},
}


@pytest.mark.parametrize("path", BAD_BODIES)
async def test_what_openai_clients_say_wrongly_is_refused(system: System, chat: Any, course: str, path: str) -> None:
    grounded = {
        "course": course,
        "video_url": VIDEO,
        "messages": [{"role": "user", "content": "Why?"}],
        "input": "Why?",
    }

    async def post(body: dict[str, Any]) -> int:
        async with http(system) as client:
            return (await client.post(f"/openai/v1/{path}", json=body)).status_code

    assert await grew(lambda: post(BAD_BODIES[path])) == {"refused": 1}
    assert await grew(lambda: post(grounded | {"model": "unknown"})) == {"refused": 1}


async def test_only_what_ran_to_its_end_is_timed(system: System, chat: Any, course: str) -> None:
    def timed() -> float:
        return REGISTRY.get_sample_value("ai_chat_request_duration_seconds_count") or 0

    before = timed()
    await test_what_is_at_fault_is_refused(system, chat, "courses/unknown", "Why?")
    assert timed() == before
    await test_an_answer_is_completed(system, chat, course)
    assert timed() == before + 1
