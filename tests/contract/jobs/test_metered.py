"""Where commands are counted fewer are sent, and nothing is lost for it."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from kit.auth.caller import Caller
from kit.jobs.dispatcher.app import lead
from kit.jobs.memory.health import MemoryHealth
from kit.jobs.model import Submission
from kit.jobs.mongo.claims import MongoClaims
from kit.jobs.mongo.store import MongoJobs
from kit.jobs.opening import Grounds, open_grounds
from kit.jobs.pace import FREE, METERED
from kit.jobs.settings import DispatcherSettings
from kit.jobs.submitting import Jobs
from kit.jobs.work import Actors, Work
from kit.jobs.worker.desk import Desk

ANN = Caller("school", "ann")
LEASE = 30.0


@pytest.fixture
async def settings(redis_url: str, mongodb_uri: str) -> DispatcherSettings:
    return DispatcherSettings(
        redis_url=redis_url,
        mongodb_uri=mongodb_uri,
        jobs_database=f"jobs_{uuid.uuid4().hex[:8]}",
        redis_metered=True,
    )


@pytest.fixture
async def grounds(settings: DispatcherSettings) -> AsyncIterator[Grounds]:
    async with AsyncExitStack() as stack:
        opened = await open_grounds(settings, stack)
        await opened.redis.flushall()
        await lead(settings, stack, settings.policies, MemoryHealth())
        yield opened
        await opened.database.client.drop_database(settings.jobs_database)


async def _ruled(grounds: Grounds) -> None:
    async with asyncio.timeout(20):
        while not await grounds.room.governed("reports"):  # noqa: ASYNC110 - the dispatcher's doing
            await asyncio.sleep(0.02)


def _desk(grounds: Grounds, settings: DispatcherSettings, released: asyncio.Event) -> Desk:
    async def wait(_: Work) -> None:
        await released.wait()

    actors = Actors()
    actors.add("generate_report", wait)
    claims, beats = MongoClaims(grounds.database), settings.redis_pace.beats
    return Desk("w1", claims, grounds.room, grounds.changes, actors, settings.policies, lease=LEASE, slot_beats=beats)


async def test_a_free_redis_is_asked_as_ever() -> None:
    assert DispatcherSettings().redis_pace == FREE
    assert DispatcherSettings(redis_metered=True).redis_pace == METERED


async def test_a_flushed_room_is_filled_when_the_connection_is_lost(
    settings: DispatcherSettings, grounds: Grounds
) -> None:
    """A Redis that comes back empty has dropped its connections, and that is noticed at once."""
    await _ruled(grounds)
    await grounds.redis.flushall()
    assert not await grounds.room.governed("reports"), "nobody has noticed yet"
    await grounds.redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
    await _ruled(grounds)


async def test_slots_of_running_jobs_last_as_long_as_they_are_renewed(
    settings: DispatcherSettings, grounds: Grounds
) -> None:
    await _ruled(grounds)
    released = asyncio.Event()
    desk = _desk(grounds, settings, released)
    jobs = Jobs(MongoJobs(grounds.database), grounds.room, grounds.changes, settings.policies)
    job = await jobs.submit(ANN, Submission("generate_report"))
    assert await grounds.room.begin("reports", job.id, LEASE)
    working = asyncio.create_task(desk.work("reports", job.id))
    async with asyncio.timeout(20):
        while not desk.running:  # noqa: ASYNC110 - the claim is in MongoDB
            await asyncio.sleep(0.01)
    before = await grounds.redis.zscore("jobs:reports:slots", job.id)
    for _ in range(settings.redis_pace.beats - 1):
        await desk.beat()
    assert await grounds.redis.zscore("jobs:reports:slots", job.id) == before, "not with each beat"
    await desk.beat()
    renewed = await grounds.redis.zscore("jobs:reports:slots", job.id)
    assert renewed is not None
    assert before is not None
    assert renewed - before > (settings.redis_pace.beats - 1) * LEASE * 1000 - 5000
    released.set()
    await working
    assert await grounds.redis.zscore("jobs:reports:slots", job.id) is None


async def test_watchers_are_not_told_and_the_dispatcher_is(grounds: Grounds) -> None:
    async with grounds.redis.pubsub() as channel:
        await channel.subscribe("job:j1", "jobs:signals")
        await grounds.changes.changed("j1")
        await grounds.redis.publish("jobs:signals", "everything")
        async with asyncio.timeout(20):
            async for message in channel.listen():
                if message["type"] == "message":
                    break
    assert message["channel"] == b"jobs:signals"
