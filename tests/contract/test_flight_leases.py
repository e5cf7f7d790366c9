"""Every store of flight leases has one leader at a time, and a successor when it is lost."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from kit.errors import Unavailable
from kit.redis import connect
from kit.settings import CommonSettings
from services.inference.adapters.memory_flights import MemoryFlights
from services.inference.adapters.redis_flights import RedisFlights
from services.inference.adapters.redis_link import RedisLink
from services.inference.ports import FlightLeases, Seat


@pytest.fixture(params=["memory", "redis"])
async def leases(request: pytest.FixtureRequest) -> AsyncIterator[FlightLeases]:
    if request.param == "memory":
        yield MemoryFlights(0.2)
        return
    client = connect(request.getfixturevalue("redis_url"), CommonSettings())
    yield RedisFlights(client, RedisLink(client), 0.2)
    await client.aclose()


@pytest.fixture
def flight() -> str:
    return uuid4().hex


async def taken_over(leases: FlightLeases, flight: str) -> Seat:
    async with asyncio.timeout(10):
        while not (seat := await leases.take(flight)).leads:  # noqa: ASYNC110 - a lease runs out by itself
            await asyncio.sleep(0)
    return seat


async def test_the_first_leads_and_the_others_follow(leases: FlightLeases, flight: str) -> None:
    first, second = await leases.take(flight), await leases.take(flight)

    assert (first.leads, first.fresh) == (True, True)
    assert second == Seat(False, first.generation)


async def test_a_lost_leader_is_followed_in_the_same_generation_under_a_higher_token(
    leases: FlightLeases, flight: str
) -> None:
    first = await leases.take(flight)

    second = await taken_over(leases, flight)

    assert (second.generation, second.fresh) == (first.generation, False)
    assert second.token > first.token
    assert await leases.renew(flight, first.token) is None


async def test_after_the_end_a_new_generation_begins(leases: FlightLeases, flight: str) -> None:
    first = await leases.take(flight)
    await leases.release(flight, first.token, ended=True)

    second = await leases.take(flight)

    assert (second.leads, second.fresh, second.generation) == (True, True, first.generation + 1)


async def test_a_leader_that_steps_back_leaves_the_generation_to_another(leases: FlightLeases, flight: str) -> None:
    first = await leases.take(flight)
    await leases.release(flight, first.token, ended=False)

    second = await leases.take(flight)

    assert (second.leads, second.fresh, second.generation) == (True, False, first.generation)


async def test_the_leader_knows_who_follows_and_the_followers_whether_somebody_leads(
    leases: FlightLeases, flight: str
) -> None:
    assert not await leases.attend(flight, "early")
    seat = await leases.take(flight)

    assert await leases.attend(flight, "one")
    assert await leases.attend(flight, "two")

    assert await leases.renew(flight, seat.token) == 3


async def test_an_old_token_releases_nothing(leases: FlightLeases, flight: str) -> None:
    first = await leases.take(flight)
    await taken_over(leases, flight)

    await leases.release(flight, first.token, ended=True)

    assert not (await leases.take(flight)).leads


async def test_without_redis_the_leases_are_away() -> None:
    client = connect("redis://127.0.0.1:1/0", CommonSettings())
    with pytest.raises(Unavailable):
        await RedisFlights(client, RedisLink(client)).take("f")
    await client.aclose()
