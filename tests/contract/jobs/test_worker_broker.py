"""Workers wait for bells: none is lost with a process that takes no more, and none waits when it should end."""

import asyncio
import threading
from collections.abc import AsyncIterator
from queue import Empty
from uuid import uuid4

import pytest

from kit.jobs.model import Ticket
from kit.jobs.policies import Queue
from kit.jobs.ports import Rules
from kit.jobs.redis.room import RedisRoom
from kit.jobs.worker.broker import JobsBroker
from kit.jobs.worker.quiet import WorkQueue
from kit.redis import Redis, connect
from kit.settings import CommonSettings


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = connect(redis_url, CommonSettings())
    yield client
    await client.aclose()


async def waiting(redis: Redis, clients: int) -> None:
    """Returns once so many clients wait for bells."""
    async with asyncio.timeout(20):
        while True:
            listed = await redis.client_list()
            if sum(client["cmd"] == "blpop" and "b" in client["flags"] for client in listed) >= clients:
                return
            await asyncio.sleep(0.005)


async def test_a_bell_wakes_who_waits(redis: Redis, redis_url: str) -> None:
    queue, room = Queue(f"q{uuid4().hex[:8]}", concurrency=4, per_worker=2), RedisRoom(redis)
    await room.govern(Rules(queue, 4, paused=False))
    broker = JobsBroker(redis_url, {queue.name: 2}, lease=30, start_within=30)
    consumer = broker.consume(queue.name)
    next_message = asyncio.create_task(asyncio.to_thread(lambda: next(filter(None, consumer))))
    await waiting(redis, 1)
    await room.enter([Ticket("a", "work", queue.name, "ann", 50, 0)])
    async with asyncio.timeout(20):
        assert (await next_message).args == ("a",)


async def test_who_retires_returns_at_once_and_leaves_bells_to_others(redis: Redis, redis_url: str) -> None:
    name = f"q{uuid4().hex[:8]}"
    broker = JobsBroker(redis_url, {name: 2}, lease=30, start_within=30)
    consumer = broker.consume(name)
    returned = asyncio.create_task(asyncio.to_thread(next, consumer))
    await waiting(redis, 1)
    broker.retired.set()
    await redis.lpush(f"jobs:{name}:bell", "1")
    async with asyncio.timeout(20):
        assert await returned is None
    assert await redis.llen(f"jobs:{name}:bell") == 1, "it was meant for somebody who still takes messages"
    other = JobsBroker(redis_url, {name: 2}, lease=30, start_within=30)
    await redis.delete(f"jobs:{name}:bell")
    held = asyncio.create_task(asyncio.to_thread(next, other.consume(name)))
    await waiting(redis, 1)
    await asyncio.to_thread(other.retire)
    async with asyncio.timeout(20):
        assert await held is None


async def test_what_is_given_back_rings_for_others(redis: Redis, redis_url: str) -> None:
    queue, room = Queue(f"q{uuid4().hex[:8]}", concurrency=4, per_worker=2), RedisRoom(redis)
    await room.govern(Rules(queue, 4, paused=False))
    await room.enter([Ticket("a", "work", queue.name, "ann", 50, 0)])
    consumer = JobsBroker(redis_url, {queue.name: 2}, lease=30, start_within=30).consume(queue.name)
    message = await asyncio.to_thread(lambda: next(filter(None, consumer)))
    await redis.delete(f"jobs:{queue.name}:bell")
    await asyncio.to_thread(consumer.requeue, [message])
    assert await redis.llen(f"jobs:{queue.name}:bell") == 1


async def test_threads_sleep_until_there_is_work_or_the_end() -> None:
    queue, found = WorkQueue(), list[object]()

    def take() -> None:
        found.append(queue.get(timeout=0.0))
        with pytest.raises(Empty):
            queue.get(timeout=0.0)

    thread = threading.Thread(target=take)
    thread.start()
    queue.put(1)
    queue.end()
    await asyncio.to_thread(thread.join, 20)
    assert (found, thread.is_alive()) == ([1], False)
