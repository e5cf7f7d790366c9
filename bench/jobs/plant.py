"""Workers and a dispatcher whose jobs write to MongoDB what they did, so that lost and doubled work can be counted."""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

from pymongo.errors import DuplicateKeyError

from kit import mongo, process, redis
from kit.errors import InvalidArgument, Unavailable
from kit.jobs.dispatcher.app import lead
from kit.jobs.limits import Rate
from kit.jobs.memory.health import MemoryHealth
from kit.jobs.policies import Policies, Policy, Queue
from kit.jobs.settings import DispatcherSettings, JobsSettings
from kit.jobs.work import Actors, Work
from kit.jobs.worker.keeper import main
from kit.server import Mount

QUICK = Queue("quick", concurrency=64, per_worker=8)
SLOW = Queue("slow", concurrency=4, per_worker=4)
SINGLE = Queue("single", concurrency=1, per_worker=1)
HELD = Queue("held", concurrency=4, per_worker=2, needs="models")
RATED = Queue("rated", concurrency=8, per_worker=8, rate=Rate(3, 3600.0))

PLANT = Policies(
    (
        Policy("mark", QUICK, attempts=3, backoff=(0.05,), time_limit=30),
        Policy("count", QUICK, attempts=3, backoff=(0.05,), time_limit=30),
        Policy("fail", QUICK, attempts=3, backoff=(0.05,), time_limit=0.5),
        Policy("hold", SLOW, attempts=3, backoff=(0.05,), time_limit=60),
        Policy("mark_single", SINGLE, attempts=3, backoff=(0.05,)),
        Policy("mark_held", HELD, attempts=3, backoff=(0.05,)),
        Policy("mark_rated", RATED, attempts=3, backoff=(0.05,)),
    )
)


class Plant:
    """The actors. `runs` counts every run of a job, `effects` holds one row per job."""

    def __init__(self, client: mongo.Client, database: str, counters: redis.Redis) -> None:
        self._counters = counters
        self._runs = client[database]["runs"]
        self._effects = client[database]["effects"]
        self._repeats = client[database]["repeats"]
        self._flags = client[database]["flags"]

    async def mark(self, work: Work) -> Mapping[str, Any]:
        await self._runs.insert_one({"job": work.job.id, "pid": os.getpid(), "user": work.caller.user})
        if pause := work.payload.get("pause"):
            await asyncio.sleep(pause)
        try:
            await self._effects.insert_one({"_id": work.key, "job": work.job.key, "pid": os.getpid()})
        except DuplicateKeyError:  # an earlier attempt came as far as this
            await self._repeats.insert_one({"job": work.job.id})
        return {"marked": work.job.id}

    async def count(self, _: Work) -> None:
        """What the actor of bare Dramatiq does too."""
        await self._counters.incr("plant:count")

    async def fail(self, work: Work) -> None:
        """Fails in the way that the payload says."""
        await self._runs.insert_one({"job": work.job.id})
        match work.payload["how"]:
            case "once" if work.job.attempt > 1:
                return
            case "for good":
                raise InvalidArgument("never")
            case "too slow":
                await asyncio.sleep(60)
            case "crash":
                os._exit(1)
        raise Unavailable("not now")

    async def hold(self, work: Work) -> None:
        """Runs until the flag of its name is set; the first step is done once."""

        async def first() -> int:
            await self._runs.insert_one({"job": work.job.id})
            return os.getpid()

        await work.step("first", first)
        await work.report(10, "holding")
        while await self._flags.find_one({"_id": work.job.id}) is None:  # noqa: ASYNC110 - the flag is in a database
            await asyncio.sleep(0.05)


async def build(settings: JobsSettings, stack: AsyncExitStack) -> Actors:
    client = mongo.connect(settings)
    stack.push_async_callback(client.close)
    counters = redis.connect(settings.redis_url, settings)
    stack.push_async_callback(counters.aclose)
    plant, actors = Plant(client, settings.jobs_database, counters), Actors()
    for kind in ("mark", "mark_single", "mark_held", "mark_rated"):
        actors.add(kind, plant.mark)
    actors.add("count", plant.count)
    actors.add("fail", plant.fail)
    actors.add("hold", plant.hold)
    return actors


async def build_dispatcher(settings: DispatcherSettings, stack: AsyncExitStack) -> Sequence[Mount]:
    await lead(settings, stack, PLANT, MemoryHealth())
    return []


if __name__ == "__main__":
    if sys.argv[1:] == ["dispatcher"]:
        process.main("dispatcher", DispatcherSettings(), build_dispatcher)
    else:
        main("plant", JobsSettings(), build, PLANT)
