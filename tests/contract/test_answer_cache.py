"""Every answer cache gives back what was put, and forgets in time."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from kit.redis import connect
from kit.settings import CommonSettings
from services.inference.adapters.memory_answers import MemoryAnswers
from services.inference.adapters.redis_answers import RedisAnswers
from services.inference.adapters.redis_link import RedisLink
from services.inference.ports import AnswerCache, Answered

ANSWER = Answered("A wave carries energy [1].", "p1", "m", "stop", "answer")


@pytest.fixture(params=["memory", "redis"])
async def answers(request: pytest.FixtureRequest) -> AsyncIterator[AnswerCache]:
    if request.param == "memory":
        yield MemoryAnswers(0.2)
        return
    client = connect(request.getfixturevalue("redis_url"), CommonSettings())
    yield RedisAnswers(client, RedisLink(client), 0.2)
    await client.aclose()


async def test_it_keeps_an_answer_for_its_time(answers: AnswerCache) -> None:
    key = uuid4().hex
    assert await answers.get(key) is None

    await answers.put(key, ANSWER)
    assert await answers.get(key) == ANSWER

    async with asyncio.timeout(10):
        while await answers.get(key) is not None:  # noqa: ASYNC110 - an answer expires by itself
            await asyncio.sleep(0)


async def test_without_redis_it_is_empty_and_does_not_fail() -> None:
    client = connect("redis://127.0.0.1:1/0", CommonSettings())
    answers = RedisAnswers(client, RedisLink(client), 60)

    await answers.put("k", ANSWER)

    assert await answers.get("k") is None
    await client.aclose()
