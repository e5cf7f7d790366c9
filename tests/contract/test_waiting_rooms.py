"""What every waiting room keeps to: the one in Redis, before Dramatiq's queues, and the one in memory."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace

import pytest

from kit.errors import Unavailable
from kit.jobs.limits import Rate
from kit.jobs.memory.room import MemoryRoom
from kit.jobs.model import Ticket
from kit.jobs.policies import Queue
from kit.jobs.ports import Rules, Survey, WaitingRoom
from kit.jobs.redis.room import RedisRoom
from kit.redis import Redis, connect
from kit.settings import CommonSettings
from tests.servers import free_port


@dataclass
class Place:
    """A room with a queue of its own, and what has been released into it."""

    make: Callable[[float], WaitingRoom]
    queue: Queue
    redis: Redis | None = None

    def __post_init__(self) -> None:
        self.room = self.make(30)

    async def govern(self, limit: int, *, paused: bool = False, rate: Rate | None = None) -> None:
        await self.room.govern(Rules(replace(self.queue, rate=rate), limit, paused))

    def tickets(self, *names: str, user: str = "ann", priority: int = 50) -> list[Ticket]:
        return [Ticket(name, "work", self.queue.name, user, priority, 0) for name in names]

    async def released(self) -> list[str]:
        if self.redis is None:
            assert isinstance(self.room, MemoryRoom)
            return list(self.room.line(self.queue.name))
        messages = await self.redis.lrange(f"dramatiq:{self.queue.name}", 0, -1)
        found = [await self.redis.hget(f"dramatiq:{self.queue.name}.msgs", name) for name in messages]
        return [json.loads(message)["args"][0] for message in found if message]


@pytest.fixture(params=["memory", "redis"])
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    queue = Queue(f"q{uuid.uuid4().hex[:8]}", concurrency=4, per_worker=2)
    if request.param == "memory":
        yield Place(lambda start_within: MemoryRoom(start_within), queue)
        return
    redis = connect(request.getfixturevalue("redis_url"), CommonSettings())
    yield Place(lambda start_within: RedisRoom(redis, start_within), queue, redis)
    await redis.aclose()


async def test_nothing_is_released_without_rules(place: Place) -> None:
    assert not await place.room.governed(place.queue.name)
    assert await place.room.enter(place.tickets("a")) == 0
    assert await place.released() == []
    await place.govern(1)
    assert await place.room.governed(place.queue.name)
    assert await place.released() == ["a"]


async def test_the_room_is_surveyed_as_a_whole(place: Place) -> None:
    queues = [place.queue.name, f"{place.queue.name}-other"]
    assert await place.room.survey(queues) == Survey(governed=0, occupied=0)
    await place.govern(1)
    await place.room.enter(place.tickets("a", "b"))
    assert await place.room.survey(queues) == Survey(governed=1, occupied=1)
    await place.room.leave(place.queue.name, ["a"])
    assert await place.room.survey(queues) == Survey(governed=1, occupied=0)


async def test_what_may_run_is_released_at_once_and_the_rest_waits(place: Place) -> None:
    await place.govern(2)
    assert await place.room.enter(place.tickets("a", "b", "c")) == 2
    assert await place.released() == ["a", "b"]
    occupancy = await place.room.pump(place.queue.name)
    assert (occupancy.waiting, occupancy.running) == (1, 2)


async def test_many_submitters_together_never_pass_the_limit(place: Place) -> None:
    await place.govern(3)
    granted = await asyncio.gather(*(place.room.enter(place.tickets(f"j{n}")) for n in range(20)))
    assert sum(granted) == 3


async def test_entering_again_changes_nothing(place: Place) -> None:
    await place.govern(1)
    tickets = place.tickets("a", "b")
    await place.room.enter(tickets)
    assert await place.room.enter(tickets) == 0
    assert await place.released() == ["a"]
    assert (await place.room.pump(place.queue.name)).waiting == 1


async def test_a_slot_that_is_given_back_goes_to_the_next(place: Place) -> None:
    await place.govern(1)
    await place.room.enter(place.tickets("a", "b", "c"))
    await place.room.leave(place.queue.name, ["a"])
    assert await place.released() == ["a", "b"]
    await place.room.leave(place.queue.name, ["c", "b"])
    occupancy = await place.room.pump(place.queue.name)
    assert (occupancy.waiting, occupancy.running) == (0, 0)


async def test_whoever_gives_slots_back_may_go_on_with_what_they_are_given_to(place: Place) -> None:
    await place.govern(2)
    await place.room.enter(place.tickets("a", "b", "c", "d", "e"))
    assert await place.room.exchange(place.queue.name, [], 2, 60) == ["a", "b"]
    assert await place.room.exchange(place.queue.name, ["a", "b"], 1, 60) == ["c"]
    assert await place.released() == ["d"], "the other slot is for whoever comes"
    assert await place.room.exchange(place.queue.name, ["c"], 0, 60) == []
    assert await place.released() == ["d", "e"]
    occupancy = await place.room.pump(place.queue.name)
    assert (occupancy.waiting, occupancy.running) == (0, 2)


async def test_what_is_taken_holds_its_slot_for_the_lease(place: Place) -> None:
    hasty = place.make(0)
    await hasty.govern(Rules(place.queue, 2, paused=False))
    await hasty.enter(place.tickets("a", "b"))
    assert await hasty.exchange(place.queue.name, [], 1, 60) == ["a"]
    assert (await hasty.pump(place.queue.name)).running == 1
    assert await hasty.missing(place.queue.name, ["a", "b"]) == ["b"]


async def test_a_paused_queue_hands_nothing_on(place: Place) -> None:
    await place.govern(2)
    await place.room.enter(place.tickets("a", "b", "c"))
    assert await place.room.exchange(place.queue.name, [], 1, 60) == ["a"]
    await place.govern(2, paused=True)
    assert await place.room.exchange(place.queue.name, ["a"], 1, 60) == []
    assert await place.room.missing(place.queue.name, ["a", "b", "c"]) == ["a", "b"]


async def test_nobody_overtakes_those_who_wait(place: Place) -> None:
    await place.govern(1, paused=True)
    await place.room.enter(place.tickets("a"))
    await place.govern(1)
    await place.room.enter(place.tickets("b"))
    assert await place.released() == ["a"]


async def test_lower_priorities_go_first(place: Place) -> None:
    await place.govern(0)
    await place.room.enter(place.tickets("bulk", priority=70))
    await place.room.enter(place.tickets("light", priority=10))
    await place.room.enter(place.tickets("middle", priority=50))
    await place.govern(9)
    assert await place.released() == ["light", "middle", "bulk"]


async def test_users_take_turns(place: Place) -> None:
    await place.govern(1)
    await place.room.enter(place.tickets(*(f"a{n:03}" for n in range(300))))
    for number in range(10):
        await place.room.leave(place.queue.name, [f"a{number:03}"])
    await place.room.enter(place.tickets("b", user="bob"))
    before = await place.released()
    for number in range(10, 13):
        await place.room.leave(place.queue.name, [f"a{number:03}"])
    after = (await place.released())[len(before) :]
    assert "b" in after[:2], "bob waits for at most the one that runs and one more"


async def test_a_paused_queue_releases_nothing_and_starts_nothing(place: Place) -> None:
    await place.govern(1)
    await place.room.enter(place.tickets("a", "b"))
    await place.govern(1, paused=True)
    assert not await place.room.begin(place.queue.name, "a", 60)
    await place.room.leave(place.queue.name, ["x"])
    assert await place.released() == ["a"]
    assert await place.room.missing(place.queue.name, ["a", "b"]) == ["a"]


async def test_a_rate_bounds_the_starts(place: Place) -> None:
    await place.govern(9, rate=Rate(2, 3600))
    assert await place.room.enter(place.tickets("a", "b", "c")) == 2
    await place.room.leave(place.queue.name, ["a", "b"])
    assert await place.released() == ["a", "b"]
    await place.govern(9, rate=Rate(3, 3600))
    assert await place.released() == ["a", "b", "c"]
    await place.govern(9, rate=Rate(3, 0))
    assert await place.room.enter(place.tickets("d")) == 1


async def test_a_job_that_comes_back_unstarted_is_counted_once(place: Place) -> None:
    await place.govern(9, rate=Rate(2, 3600))
    await place.room.enter(place.tickets("a"))
    await place.room.leave(place.queue.name, ["a"])
    assert await place.room.enter(place.tickets("a", "b", "c")) == 2
    await place.room.leave(place.queue.name, ["b"])
    assert await place.room.enter(place.tickets("b")) == 1, "it has had its turn, whoever waits"
    assert (await place.room.pump(place.queue.name)).waiting == 1


async def test_a_job_that_nobody_started_gives_its_slot_back(place: Place) -> None:
    hasty = place.make(0)
    await hasty.govern(Rules(place.queue, 1, paused=False))
    await hasty.enter(place.tickets("a"))
    await hasty.enter(place.tickets("b"))
    assert (await hasty.pump(place.queue.name)).running == 0
    assert await hasty.missing(place.queue.name, ["a", "b"]) == ["a", "b"]
    assert await hasty.begin(place.queue.name, "b", 60), "a late start takes a free slot"
    assert not await hasty.begin(place.queue.name, "a", 60), "and is refused where there is none"


async def test_running_jobs_hold_their_slots_while_they_renew(place: Place) -> None:
    await place.govern(1)
    await place.room.occupy(place.queue.name, ["r"], 60)
    assert await place.room.enter(place.tickets("a")) == 0
    await place.room.occupy(place.queue.name, ["r"], 0)
    assert (await place.room.pump(place.queue.name)).waiting == 0
    assert await place.released() == ["a"]


async def test_a_job_that_is_still_in_line_is_not_put_there_twice(place: Place) -> None:
    hasty = place.make(0)
    await hasty.govern(Rules(place.queue, 1, paused=False))
    await hasty.enter(place.tickets("a"))
    await hasty.enter(place.tickets("a"))
    if isinstance(hasty, MemoryRoom):
        assert hasty.line(place.queue.name) == ["a"]
    else:
        assert await place.released() == ["a"]


async def test_a_room_that_cannot_be_reached_says_so() -> None:
    redis = connect(f"redis://127.0.0.1:{free_port()}/0", CommonSettings(), retry=None)
    room = RedisRoom(redis)
    for call in (room.enter([Ticket("a", "work", "q", "ann", 50, 0)]), room.governed("q"), room.missing("q", ["a"])):
        with pytest.raises(Unavailable):
            await call
    await redis.aclose()
