"""Many jobs while workers are killed, Redis is flushed and killed, and MongoDB restarts: what is lost or doubled."""

import asyncio
import time
from dataclasses import dataclass

from bench.jobs.site import Client, opened
from kit.auth.caller import Caller
from kit.errors import LecternError
from kit.jobs.model import Submission

KILL_EVERY_SECONDS = 2.0
SUBMITTERS = 16
STALLED_SECONDS = 300.0


@dataclass
class Toll:
    """What the run did to the system."""

    kills: int = 0
    refused: int = 0
    events: tuple[str, ...] = ()


async def run(count: int, pause: float) -> None:
    """Prints the figures of one run; `pause` is how long each job takes, in seconds."""
    async with opened(2, jobs_per_process=0) as client:
        toll, began = Toll(), time.monotonic()
        killing = asyncio.create_task(_kill(client, toll))
        submitting = asyncio.create_task(_submit_all(client, count, pause, toll))
        await _watch(client, count, toll, began)
        killing.cancel()
        await submitting
        await _print(client, count, toll, time.monotonic() - began)


async def _kill(client: Client, toll: Toll) -> None:
    turn = 0
    while True:
        await asyncio.sleep(KILL_EVERY_SECONDS)
        toll.kills += client.site.kill_a_worker(turn)
        turn += 1


async def _submit_all(client: Client, count: int, pause: float, toll: Toll) -> None:
    numbers = iter(range(count))

    async def submit() -> None:
        for number in numbers:
            submission = Submission("mark", {"pause": pause}, key=f"job-{number}")
            while True:
                try:
                    await client.jobs.submit(Caller("school", f"user-{number % 20}"), submission)
                    break
                except LecternError:  # MongoDB restarts; the key makes asking again safe
                    toll.refused += 1
                    await asyncio.sleep(0.5)

    await asyncio.gather(*(submit() for _ in range(SUBMITTERS)))


async def _watch(client: Client, count: int, toll: Toll, began: float) -> None:
    """Lets the misfortunes happen on the way, and returns when all jobs have ended or nothing moves any more."""
    misfortunes = [(0.3, "redis flushed"), (0.5, "redis killed"), (0.7, "mongodb restarted")]
    done, moved = 0, time.monotonic()
    while done < count and time.monotonic() - moved < STALLED_SECONDS:
        await asyncio.sleep(0.5)
        try:
            now = await client.grounds.database.jobs.count_documents({"state": {"$in": ["succeeded", "failed"]}})
        except Exception:
            continue
        if now > done:
            done, moved = now, time.monotonic()
        if misfortunes and done >= misfortunes[0][0] * count:
            name = misfortunes.pop(0)[1]
            await _befall(client, name)
            toll.events = (*toll.events, f"{name} at {done} jobs, {time.monotonic() - began:.0f} s")


async def _befall(client: Client, name: str) -> None:
    site = client.site
    if name == "redis flushed":
        await client.grounds.redis.flushall()
    elif name == "redis killed":
        site.stop("redis")
        await asyncio.sleep(1.0)
        await asyncio.to_thread(site.start_redis)
    else:
        await asyncio.to_thread(site.stop, "mongodb")
        await asyncio.to_thread(site.start_mongodb)


async def _print(client: Client, count: int, toll: Toll, seconds: float) -> None:
    jobs, made = client.grounds.database.jobs, client.made
    by_state = await jobs.aggregate([{"$group": {"_id": "$state", "jobs": {"$sum": 1}}}])
    states = {row["_id"]: row["jobs"] async for row in by_state}
    quarantined = await jobs.count_documents({"quarantined": True})
    marked = len(await made["effects"].distinct("job"))
    effects, runs = await made["effects"].count_documents({}), await made["runs"].count_documents({})
    repeats = await made["repeats"].count_documents({})
    print(f"jobs {count}: {states}, quarantined {quarantined}")
    print(f"lost {count - marked}, effects doubled {effects - marked}, effects tried again and refused {repeats}")
    print(f"runs {runs}, of them again {runs - count}; workers killed {toll.kills}")
    print(f"submissions repeated {toll.refused}; {'; '.join(toll.events)}")
    print(f"{seconds:.1f} s, {count / seconds:.0f} jobs/s")
