"""Every store of flights has one leader at a time, a successor when it is lost, and what was answered before."""

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
from services.inference.ports import Answered, Flights, Seat

ANSWER = Answered("A wave carries energy [1].", "p1", "m", "stop", "answer")


@pytest.fixture(params=["memory", "redis"])
async def leases(request: pytest.FixtureRequest) -> AsyncIterator[Flights]:
    if request.param == "memory":
        yield MemoryFlights(0.2, 1.0)
        return
    client = connect(request.getfixturevalue("redis_url"), CommonSettings())
    yield RedisFlights(client, RedisLink(client), 0.2, 1.0)
    await client.aclose()


@pytest.fixture
def flight() -> str:
    return uuid4().hex


async def take(leases: Flights, flight: str, process: str = "p") -> Seat:
    seat = await leases.take(flight, process)
    assert isinstance(seat, Seat)
    return seat


async def taken_over(leases: Flights, flight: str, process: str = "p") -> Seat:
    async with asyncio.timeout(10):
        while not (seat := await take(leases, flight, process)).leads:  # noqa: ASYNC110 - a lease runs out by itself
            await asyncio.sleep(0)
    return seat


async def test_the_first_leads_and_the_others_follow(leases: Flights, flight: str) -> None:
    first, second = await take(leases, flight), await take(leases, flight)

    assert (first.leads, first.fresh) == (True, True)
    assert second == Seat(False, first.generation)


async def test_a_lost_leader_is_followed_in_the_same_generation_under_a_higher_token(
    leases: Flights, flight: str
) -> None:
    first = await take(leases, flight)

    second = await taken_over(leases, flight)

    assert (second.generation, second.fresh) == (first.generation, False)
    assert second.token > first.token
    assert await leases.renew(flight, first.token) is None


async def test_after_the_end_a_new_generation_begins(leases: Flights, flight: str) -> None:
    first = await take(leases, flight)
    await leases.release(flight, first.token, ended=True, told=True)

    second = await take(leases, flight)

    assert (second.leads, second.fresh, second.generation) == (True, True, first.generation + 1)


async def test_a_leader_that_steps_back_leaves_the_generation_to_another(leases: Flights, flight: str) -> None:
    first = await take(leases, flight)
    await leases.release(flight, first.token, ended=False, told=True)

    second = await take(leases, flight)

    assert (second.leads, second.fresh, second.generation) == (True, False, first.generation)


async def test_the_leader_knows_who_follows_and_the_followers_whether_somebody_leads(
    leases: Flights, flight: str
) -> None:
    assert not await leases.attend(flight, "early")
    seat = await take(leases, flight)

    assert await leases.attend(flight, "one")
    assert await leases.attend(flight, "two")

    assert await leases.renew(flight, seat.token) == 3


async def test_an_old_token_releases_nothing(leases: Flights, flight: str) -> None:
    first = await take(leases, flight)
    await taken_over(leases, flight)

    await leases.release(flight, first.token, ended=True, told=True)

    assert not (await take(leases, flight)).leads


async def test_who_takes_a_seat_behind_a_leader_follows_and_the_leader_is_told(leases: Flights, flight: str) -> None:
    led, process = leases.followed(flight), uuid4().hex
    told = asyncio.create_task(anext(led))
    async with asyncio.timeout(10):
        while not told.done():  # a channel is there after a moment
            seat = await taken_over(leases, flight, process=flight)
            await take(leases, flight, process)
            await asyncio.wait({told}, timeout=0.05)
            renewed = await leases.renew(flight, seat.token)

    assert await told == flight
    assert renewed
    await led.aclose()


async def test_nobody_leaves_before_all_who_follow_were_told(leases: Flights, flight: str) -> None:
    seat = await take(leases, flight)
    await take(leases, flight, "another")

    assert not await leases.release(flight, seat.token, ended=True, told=False)
    assert not (await take(leases, flight, "another")).leads
    assert await leases.release(flight, seat.token, ended=True, told=True)

    assert (await take(leases, flight)).leads


async def test_nobody_is_waited_for_where_nobody_follows(leases: Flights, flight: str) -> None:
    seat = await take(leases, flight)

    assert await leases.release(flight, seat.token, ended=True, told=False)
    assert (await take(leases, flight)).fresh


async def test_an_answer_that_was_left_is_there_for_its_time(leases: Flights, flight: str) -> None:
    seat = await take(leases, flight)
    await leases.release(flight, seat.token, ended=True, told=True, answer=ANSWER)
    assert await leases.take(flight, "another") == ANSWER

    async with asyncio.timeout(10):
        while not isinstance(await leases.take(flight, "another"), Seat):  # noqa: ASYNC110 - it expires by itself
            await asyncio.sleep(0)


async def test_whose_lease_was_lost_leaves_no_answer(leases: Flights, flight: str) -> None:
    first = await take(leases, flight)
    await taken_over(leases, flight)

    await leases.release(flight, first.token, ended=True, told=True, answer=ANSWER)

    assert not (await take(leases, flight)).leads


async def test_answers_are_not_kept_where_caches_are_off(redis_url: str, flight: str) -> None:
    client = connect(redis_url, CommonSettings())
    for leases in (MemoryFlights(), RedisFlights(client, RedisLink(client))):
        seat = await take(leases, flight)
        await leases.release(flight, seat.token, ended=True, told=True, answer=ANSWER)
        assert (await take(leases, flight)).leads
    await client.aclose()


async def test_without_redis_the_leases_are_away() -> None:
    client = connect("redis://127.0.0.1:1/0", CommonSettings())
    with pytest.raises(Unavailable):
        await RedisFlights(client, RedisLink(client)).take("f", "p")
    await client.aclose()
