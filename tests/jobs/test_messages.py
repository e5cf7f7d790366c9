"""How messages leave Dramatiq's queue: taken at once, put back when nobody began them."""

import uuid
from collections.abc import AsyncIterator

import pytest
from dramatiq.broker import MessageProxy
from dramatiq.message import Message

from kit.jobs.model import Ticket
from kit.jobs.policies import Queue
from kit.jobs.ports import Rules
from kit.jobs.redis.room import RedisRoom
from kit.jobs.worker.broker import JobsBroker
from kit.redis import connect
from kit.settings import CommonSettings

QUEUE = Queue(f"q{uuid.uuid4().hex[:8]}", concurrency=8, per_worker=4)


@pytest.fixture
async def room(redis_url: str) -> AsyncIterator[RedisRoom]:
    redis = connect(redis_url, CommonSettings())
    await redis.flushall()
    made = RedisRoom(redis)
    await made.govern(Rules(QUEUE, 8, paused=False))
    yield made
    await redis.aclose()


@pytest.fixture
def broker(redis_url: str) -> JobsBroker:
    return JobsBroker(redis_url, {QUEUE.name: 4}, lease=60, start_within=30)


def tickets(*names: str) -> list[Ticket]:
    return [Ticket(name, "work", QUEUE.name, "ann", 50, 1) for name in names]


def jobs_of(messages: list[bytes]) -> list[str]:
    return [str(Message.decode(message).args[0]) for message in messages]


async def test_a_message_is_taken_once_and_leaves_nothing_behind(room: RedisRoom, broker: JobsBroker) -> None:
    await room.enter(tickets("a", "b", "c"))
    assert jobs_of(broker.take(QUEUE.name, 2)) == ["a", "b"]
    assert jobs_of(broker.take(QUEUE.name, 9)) == ["c"]
    assert broker.take(QUEUE.name, 9) == []
    assert not broker.client.exists(f"dramatiq:{QUEUE.name}", f"dramatiq:{QUEUE.name}.msgs", f"jobs:{QUEUE.name}:bell")
    assert await room.missing(QUEUE.name, ["a", "b", "c"]) == [], "they hold their slots"


async def test_what_was_not_begun_goes_back_to_the_head(room: RedisRoom, broker: JobsBroker) -> None:
    await room.enter(tickets("a", "b", "c"))
    taken = [MessageProxy(Message.decode(message)) for message in broker.take(QUEUE.name, 1)]
    broker.give_back(QUEUE.name, taken)
    broker.give_back(QUEUE.name, taken)
    assert jobs_of(broker.take(QUEUE.name, 9)) == ["a", "b", "c"]


async def test_what_a_consumer_has_not_handed_on_goes_back_when_it_is_closed(
    room: RedisRoom, broker: JobsBroker
) -> None:
    await room.enter(tickets("a", "b", "c"))
    consumer = broker.consume(QUEUE.name, timeout=10)
    first = next(consumer)
    assert first is not None
    assert first.args == ("a",)
    consumer.close()
    assert jobs_of(broker.take(QUEUE.name, 9)) == ["b", "c"]


async def test_the_bell_rings_for_what_is_left(room: RedisRoom, broker: JobsBroker) -> None:
    await room.enter(tickets("a", "b", "c"))
    broker.take(QUEUE.name, 1)
    assert broker.client.llen(f"jobs:{QUEUE.name}:bell") == 2
