"""What the breakers of providers mean for jobs."""

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence

import pytest

from kit.breaker.memory import MemoryBoard
from kit.breaker.model import State
from kit.breaker.roster import MemoryRoster
from kit.errors import Unavailable
from kit.jobs.health import BreakerHealth
from kit.jobs.policies import POLICIES
from kit.jobs.ports import Outlook
from services.inference.model.providers import Provider
from services.inference.service.catalog import Catalog


@pytest.mark.parametrize(
    ("states", "outlook"),
    [
        ([State.CLOSED], Outlook()),
        ([State.OPEN, State.CLOSED], Outlook()),
        ([State.HALF_OPEN, State.CLOSED], Outlook()),
        ([State.OPEN, State.OPEN], Outlook(away=frozenset({"chat"}))),
        ([State.OPEN, State.HALF_OPEN], Outlook(on_trial=frozenset({"chat"}))),
        ([], Outlook()),
    ],
)
async def test_one_closed_breaker_is_enough(states: list[State], outlook: Outlook) -> None:
    board = MemoryBoard()
    routes = [str(number) for number in range(len(states))]
    for route, state in zip(routes, states, strict=True):
        await board.force(route, state)
    roster = MemoryRoster(board)
    await roster.post({"chat": routes})
    assert await BreakerHealth(roster).outlook() == outlook


async def test_where_nobody_knows_nothing_is_held() -> None:
    class Away:
        async def post(self, routes: Mapping[str, Sequence[str]]) -> None:
            raise Unavailable("away")

        async def states(self) -> Mapping[str, Collection[State]]:
            raise Unavailable("away")

        async def changes(self) -> AsyncGenerator[None, None]:
            yield

    assert await BreakerHealth(Away()).outlook() == Outlook()


def test_inference_tells_of_every_class_that_queues_need() -> None:
    catalog = Catalog([Provider("p", "http://p", ("k1", "k2"), {"default": "m"})], {})
    told = catalog.breakers()
    needed = {queue.needs for queue in POLICIES.queues.values()} - {""}
    assert needed == told.keys()
    assert told["quick"] == ["p:0", "p:1"]
