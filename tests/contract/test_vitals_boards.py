"""What a board of vitals promises, held by both adapters."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from kit import redis
from kit.outage import Outage
from kit.settings import CommonSettings
from kit.vitals.memory import MemoryVitals
from kit.vitals.ports import Lookups, Vitals, VitalsBoard
from kit.vitals.redis import KEY, RedisVitals

ONE = Vitals("gateway", "gateway-1", 1000, 2, {"answer": Lookups(3, 1, 5)})


@pytest_asyncio.fixture(params=["memory", "redis"])
async def board(request: pytest.FixtureRequest, redis_url: str) -> AsyncIterator[VitalsBoard]:
    if request.param == "memory":
        yield MemoryVitals()
        return
    client = redis.connect(redis_url, CommonSettings())
    await client.delete(KEY)
    yield RedisVitals(client, Outage("vitals", client.ping))
    await client.aclose()


async def test_what_is_posted_is_read_by_everybody(board: VitalsBoard) -> None:
    other = Vitals("context", "context-1")
    await board.post(ONE, 60)
    await board.post(other, 60)
    assert list(await board.read()) == [other, ONE]


async def test_a_post_replaces_the_last_one(board: VitalsBoard) -> None:
    await board.post(ONE, 60)
    later = Vitals("gateway", "gateway-1", 2000)
    await board.post(later, 60)
    assert list(await board.read()) == [later]


async def test_what_has_ended_is_forgotten(board: VitalsBoard) -> None:
    await board.post(ONE, -1)
    assert list(await board.read()) == []
