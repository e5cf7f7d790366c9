"""Every store of limits takes all or nothing, refills evenly, and lets users wait their fair turn."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from kit.redis import connect
from kit.settings import CommonSettings
from services.inference.adapters.memory_limits import MemoryLimits
from services.inference.adapters.redis_limits import RedisLimits
from services.inference.adapters.redis_link import RedisLink
from services.inference.ports import Claim, Limits, Verdict


@pytest.fixture(params=["memory", "redis", "redis away"])
async def limits(request: pytest.FixtureRequest) -> AsyncIterator[Limits]:
    if request.param == "memory":
        yield MemoryLimits()
        return
    url = "redis://127.0.0.1:1/0" if request.param == "redis away" else request.getfixturevalue("redis_url")
    client = connect(url, CommonSettings())
    yield RedisLimits(client, RedisLink(client), MemoryLimits())
    await client.aclose()


@pytest.fixture
def name() -> str:
    return uuid4().hex


class Desk:
    """Asks for room in one bucket, on behalf of users."""

    def __init__(self, limits: Limits, name: str, per_minute: int) -> None:
        self.limits, self.name, self.per_minute = limits, name, per_minute

    async def ask(self, amount: int = 1, *, user: str = "u", ticket: str = "", queue: bool = False) -> Verdict:
        claim = Claim(self.name, self.per_minute, amount)
        ticket = ticket or uuid4().hex
        return await self.limits.reserve([claim], [], line=self.name, user=user, ticket=ticket, queue=queue)


async def test_a_minute_holds_as_much_as_it_allows(limits: Limits, name: str) -> None:
    desk = Desk(limits, name, 60)

    verdicts = [await desk.ask(20) for _ in range(4)]

    assert [verdict.granted for verdict in verdicts] == [True, True, True, False]
    assert 15 < verdicts[-1].wait <= 20


async def test_crowds_get_no_more_than_is_there(limits: Limits, name: str) -> None:
    desk = Desk(limits, name, 10)

    verdicts = await asyncio.gather(*(desk.ask() for _ in range(30)))

    assert sum(verdict.granted for verdict in verdicts) == 10


async def test_it_refills_evenly(limits: Limits, name: str) -> None:
    desk = Desk(limits, name, 6000)
    assert (await desk.ask(6000)).granted

    async with asyncio.timeout(10):
        while not (await desk.ask(1)).granted:  # noqa: ASYNC110 - time refills it
            await asyncio.sleep(0)


async def test_more_than_a_minute_takes_the_whole_minute(limits: Limits, name: str) -> None:
    desk = Desk(limits, name, 10)

    assert (await desk.ask(1000)).granted
    assert not (await desk.ask(1)).granted


async def test_all_claims_or_none(limits: Limits, name: str) -> None:
    wide, narrow = Claim(f"{name}-wide", 100, 5), Claim(f"{name}-narrow", 1, 1)
    takes = {"line": name, "user": "u", "queue": False}
    assert (await limits.reserve([wide, narrow], [], ticket="a", **takes)).granted  # type: ignore[arg-type]

    assert not (await limits.reserve([wide, narrow], [], ticket="b", **takes)).granted  # type: ignore[arg-type]

    rest = Claim(wide.bucket, 100, 95)
    assert (await limits.reserve([rest], [], ticket="c", **takes)).granted  # type: ignore[arg-type]


async def test_the_callers_own_limit_is_told_apart(limits: Limits, name: str) -> None:
    own = [Claim(f"{name}-user", 1, 1)]
    await limits.reserve([], own, line=name, user="u", ticket="a", queue=False)

    verdict = await limits.reserve([], own, line=name, user="u", ticket="b", queue=True)

    assert (verdict.granted, verdict.own, verdict.place) == (False, True, 0)


async def test_what_was_not_used_comes_back(limits: Limits, name: str) -> None:
    desk = Desk(limits, name, 100)
    await desk.ask(100)

    await limits.give_back([Claim(name, 100, 80)])

    assert (await desk.ask(80)).granted


async def test_those_who_wait_are_served_first_and_users_in_turn(limits: Limits, name: str) -> None:
    desk = Desk(limits, name, 100)
    await desk.ask(100)
    places = [
        (await desk.ask(50, user=user, ticket=ticket, queue=True)).place
        for user, ticket in (("ada", "a1"), ("ada", "a2"), ("ada", "a3"), ("ben", "b1"))
    ]
    assert places[:3] == [1, 2, 3]
    assert places[3] == 2  # ben's first comes before ada's second

    await limits.give_back([Claim(name, 100, 60)])

    assert not (await desk.ask(1)).granted  # a newcomer does not pass the line
    assert not (await desk.ask(50, user="ben", ticket="b1", queue=True)).granted
    assert (await desk.ask(50, user="ada", ticket="a1", queue=True)).granted
    assert (await desk.ask(50, user="ben", ticket="b1", queue=True)).place == 1


async def test_who_leaves_the_line_holds_nobody_up(limits: Limits, name: str) -> None:
    desk = Desk(limits, name, 100)
    await desk.ask(100)
    await desk.ask(50, ticket="gone", queue=True)
    await desk.ask(50, user="other", ticket="next", queue=True)

    await limits.leave(name, "gone")

    assert (await desk.ask(50, user="other", ticket="next", queue=True)).place == 1
