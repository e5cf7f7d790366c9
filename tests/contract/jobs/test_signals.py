"""Signals of jobs: sent by hand, and by the scripts of the waiting room."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from kit.jobs.memory.signals import MemorySignals
from kit.jobs.model import Ticket
from kit.jobs.policies import Queue
from kit.jobs.ports import Rules, Signal, Signals, Topic
from kit.jobs.redis.room import RedisRoom
from kit.jobs.redis.signals import RedisChanges, RedisSignals
from kit.redis import Redis, connect
from kit.settings import CommonSettings

DUE = datetime(2026, 3, 2, 12, 0, 0, 250_000, tzinfo=UTC)


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = connect(redis_url, CommonSettings())
    yield client
    await client.aclose()


@pytest.fixture(params=["memory", "redis"])
async def signals(request: pytest.FixtureRequest, redis: Redis) -> Signals:
    return MemorySignals() if request.param == "memory" else RedisSignals(redis)


async def test_signals_arrive_as_they_were_sent(signals: Signals) -> None:
    async with asyncio.timeout(20), aclosing(signals.received()) as received:
        assert await anext(received) == Signal(Topic.EVERYTHING), "who begins to listen has missed what was before"
        for signal in (Signal(Topic.RULES), Signal(Topic.WAITING, queue="a:b"), Signal(Topic.DUE, due=DUE)):
            await signals.send(signal)
            assert await anext(received) == signal


async def test_after_a_gap_everything_may_have_been_missed(redis: Redis) -> None:
    signals = RedisSignals(redis)
    async with asyncio.timeout(20), aclosing(signals.received()) as received:
        await anext(received)
        await redis.client_kill_filter(_type="pubsub")
        assert await anext(received) == Signal(Topic.EVERYTHING)
        await signals.send(Signal(Topic.LEAD))
        assert await anext(received) == Signal(Topic.LEAD)


async def test_a_signal_of_a_newer_version_is_taken_for_any(redis: Redis) -> None:
    async with asyncio.timeout(20), aclosing(RedisSignals(redis).received()) as received:
        await anext(received)
        await redis.publish("jobs:signals", "tomorrow's news")
        assert await anext(received) == Signal(Topic.EVERYTHING)


async def test_the_room_tells_when_jobs_begin_to_wait_and_that_some_have_ended(redis: Redis) -> None:
    queue, room = Queue(f"q{uuid4().hex[:8]}", concurrency=1, per_worker=1), RedisRoom(redis)
    tickets = [Ticket(name, "work", queue.name, "ann", 50, 0) for name in ("a", "b", "c")]
    await room.govern(Rules(queue, 1, paused=False))
    await redis.delete("jobs:signalled")
    async with asyncio.timeout(20), aclosing(RedisSignals(redis).received()) as received:
        await anext(received)
        await room.enter(tickets[:1])  # it need not wait, so nothing is said
        await room.enter(tickets[1:2])
        assert await anext(received) == Signal(Topic.WAITING, queue.name)
        await room.enter(tickets[2:])  # where one waits already, nothing is said
        await room.leave(queue.name, ["a"])
        assert await anext(received) == Signal(Topic.ENDED)


async def test_a_job_that_is_put_off_is_told_of(redis: Redis) -> None:
    async with asyncio.timeout(20), aclosing(RedisSignals(redis).received()) as received:
        await anext(received)
        await RedisChanges(redis).delayed(DUE)
        assert await anext(received) == Signal(Topic.DUE, due=DUE)
