"""Caches over all services: an edited course forgets its answers and no others; without caches everything works."""

import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
import redis
from lectern.chat.v1 import chat_pb2, chat_pb2_grpc
from lectern.context.v1 import courses_pb2, courses_pb2_grpc

from kit.auth.caller import Caller
from tests.system import TEACHER, VIDEO, System, make_course, whole_system

MORE = "WEBVTT\n\n00:00:01.000 --> 00:00:04.000\nA wave carries energy, and sound is such a wave.\n"
CACHES = ("context*", "thread:*", "threads-*", "answer:*")


@pytest.fixture
async def system(redis_url: str, mongodb_uri: str, request: pytest.FixtureRequest) -> AsyncIterator[System]:
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    async with whole_system(redis_url, mongodb_uri, disable_cache=request.param) as made:
        yield made


async def asked(system: System, course: str, caller: Caller | None = None) -> chat_pb2.Turn:
    """The answer to the one question, asked by a student who has no past here unless one is given."""
    request = chat_pb2.CreateTurnRequest(course=course, video_url=VIDEO, message="What does a wave carry?")
    metadata = system.metadata(caller or Caller("school", uuid.uuid4().hex))
    async with system.channel("gateway") as channel:
        return await chat_pb2_grpc.ChatServiceStub(channel).CreateTurn(request, metadata=metadata, timeout=30)


async def edit(system: System, course: str) -> None:
    request: Any = courses_pb2.ImportVideoRequest(
        parent=course, video_url=VIDEO, format=courses_pb2.ImportVideoRequest.VTT, transcript=MORE
    )
    async with system.channel("context") as channel:
        stub = courses_pb2_grpc.CourseServiceStub(channel)
        await stub.ImportVideo(request, metadata=system.metadata(TEACHER))


@pytest.mark.parametrize("system", [False], indirect=True)
async def test_editing_a_course_invalidates_exactly_its_answers(system: System) -> None:
    edited, other = await make_course(system), await make_course(system)
    first = [await asked(system, course) for course in (edited, other)]
    again = [await asked(system, course) for course in (edited, other)]
    await edit(system, edited)
    after = [await asked(system, course) for course in (edited, other)]

    assert [[turn.cached for turn in turns] for turns in (first, again, after)] == [
        [False, False],
        [True, True],
        [False, True],
    ]
    assert "sound is such a wave" in after[0].citations[0].quote
    assert (await asked(system, edited)).cached


@pytest.mark.parametrize("system", [True], indirect=True)
async def test_without_caches_every_service_works_and_nothing_is_kept(system: System, redis_url: str) -> None:
    course, student = await make_course(system), Caller("school", uuid.uuid4().hex)
    turns = [await asked(system, course), await asked(system, course)]
    turns += [await asked(system, course, student), await asked(system, course, student)]

    assert [turn.cached for turn in turns] == [False] * 4
    assert (await system.provider.counts())["by_model"]["fake"] >= 4
    assert turns[2].thread == turns[3].thread
    assert all(turn.citations[0].index == 1 for turn in turns)
    with redis.Redis.from_url(redis_url) as client:
        assert not [key for pattern in CACHES for key in client.scan_iter(pattern)]
