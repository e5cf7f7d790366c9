"""Who is away is left alone, and is looked for beside the calls."""

import asyncio
from dataclasses import dataclass, field

import pytest

from kit.errors import Conflict, Unavailable
from kit.outage import PAUSE_SECONDS, Outage


@dataclass
class Far:
    """Something that can hang, and counts who turned to it."""

    now: float = 0.0
    used: int = 0
    looks: int = 0
    here: asyncio.Event = field(default_factory=asyncio.Event)

    async def use(self) -> str:
        self.used += 1
        await self.here.wait()
        return "far"

    async def look(self) -> None:
        self.looks += 1
        await self.here.wait()


@pytest.fixture
def far() -> Far:
    return Far()


@pytest.fixture
def outage(far: Far) -> Outage:
    return Outage("far", far.look, patience=0.01, clock=lambda: far.now)


async def near() -> str:
    return "near"


async def test_what_hangs_is_as_good_as_gone(far: Far, outage: Outage) -> None:
    assert await outage.guard(far.use, near) == "near"
    assert outage.away


async def test_while_it_is_away_nobody_waits_for_it(far: Far, outage: Outage) -> None:
    await outage.guard(far.use, near)
    far.now += PAUSE_SECONDS

    answers = [await outage.guard(far.use, near) for _ in range(10)]

    assert answers == ["near"] * 10
    assert far.used == 1
    await outage.looked()
    assert far.looks == 1


async def test_a_look_that_fails_is_repeated_after_a_pause(far: Far, outage: Outage) -> None:
    await outage.guard(far.use, near)
    for _ in range(3):
        far.now += PAUSE_SECONDS
        await outage.guard(far.use, near)
        await outage.looked()
        await outage.guard(far.use, near)
    assert far.looks == 3
    assert outage.away


async def test_it_is_used_again_once_a_look_has_found_it(far: Far, outage: Outage) -> None:
    await outage.guard(far.use, near)
    far.here.set()
    far.now += PAUSE_SECONDS
    await outage.guard(far.use, near)
    await outage.looked()
    assert await outage.run(far.use) == "far"


async def test_an_answer_that_is_an_error_is_an_answer(outage: Outage) -> None:
    async def refused() -> None:
        raise Conflict("no")

    with pytest.raises(Conflict):
        await outage.run(refused)
    assert not outage.away


async def test_it_says_what_cannot_be_reached(far: Far, outage: Outage) -> None:
    with pytest.raises(Unavailable, match="far cannot be reached"):
        await outage.run(far.use)
