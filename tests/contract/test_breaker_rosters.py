"""What a roster of breakers promises, held by both adapters."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from uuid import uuid4

import pytest

from kit import redis
from kit.breaker.memory import MemoryBoard
from kit.breaker.model import Rule, State
from kit.breaker.ports import Board, Roster
from kit.breaker.roster import MemoryRoster, RedisRoster, posting
from kit.breaker.shared import SharedBoard
from kit.errors import Unavailable
from kit.outage import Outage
from kit.settings import CommonSettings
from tests.servers import free_port

ROUTES = {"chat": ["a", "b"], "bulk": ["b"]}


@dataclass
class Office:
    """A roster, and the board whose breakers it tells of; these open by one failure and are half-open at once."""

    roster: Roster
    board: Board


@pytest.fixture(params=["memory", "redis"])
async def office(request: pytest.FixtureRequest) -> AsyncIterator[Office]:
    local = MemoryBoard(Rule(minimum=1, open_for=0))
    if request.param == "memory":
        yield Office(MemoryRoster(local), local)
        return
    prefix, client = uuid4().hex, redis.connect(request.getfixturevalue("redis_url"), CommonSettings())
    board = SharedBoard(client, local, prefix=prefix)
    yield Office(RedisRoster(client, Outage("roster", client.ping), prefix=prefix), board)
    await client.aclose()


async def test_the_breakers_of_each_class_are_told(office: Office) -> None:
    assert await office.roster.states() == {}
    await office.roster.post(ROUTES)
    assert await office.roster.states() == {"chat": [State.CLOSED, State.CLOSED], "bulk": [State.CLOSED]}
    await office.board.failed("a")
    await office.board.force("b", State.OPEN)
    assert await office.roster.states() == {"chat": [State.HALF_OPEN, State.OPEN], "bulk": [State.OPEN]}


async def test_who_rests_lets_nobody_through(office: Office) -> None:
    await office.roster.post({"bulk": ["b"]})
    await office.board.rest("b", 60)
    assert await office.roster.states() == {"bulk": [State.OPEN]}


async def test_looking_lets_no_probe_through(office: Office) -> None:
    await office.roster.post({"chat": ["a"]})
    await office.board.failed("a")
    for _ in range(2):
        assert await office.roster.states() == {"chat": [State.HALF_OPEN]}
    assert await office.board.admits("a")


async def test_what_is_posted_stands_while_the_block_lasts(office: Office) -> None:
    async with posting(office.roster, ROUTES):
        while not (states := await office.roster.states()):  # noqa: ASYNC110 - posted by another task
            await asyncio.sleep(0)
    assert states == {"chat": [State.CLOSED, State.CLOSED], "bulk": [State.CLOSED]}


async def test_a_roster_that_cannot_be_reached_says_so() -> None:
    client = redis.connect(f"redis://127.0.0.1:{free_port()}/0", CommonSettings(), retry=redis.NO_RETRY)
    roster = RedisRoster(client, Outage("roster", client.ping), prefix="p")
    for call in (roster.post(ROUTES), roster.states()):
        with pytest.raises(Unavailable):
            await call
    await client.aclose()


async def test_changes_of_breakers_are_told(redis_url: str) -> None:
    prefix, client = uuid4().hex, redis.connect(redis_url, CommonSettings())
    board = SharedBoard(client, MemoryBoard(Rule(minimum=1, open_for=60)), prefix=prefix)
    roster = RedisRoster(client, Outage("roster", client.ping), prefix=prefix)
    async with asyncio.timeout(20), aclosing(roster.changes()) as changes:
        await anext(changes)  # from now on nothing is missed
        for change in (board.failed("a"), board.rest("b", 60), board.force("b", State.CLOSED), board.reset("a")):
            await change
            await anext(changes)
        assert (await board.standings(["b"]))["b"].forced is State.CLOSED
    await client.aclose()
