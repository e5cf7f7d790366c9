"""Idle pick-up, and throughput from submission to effect, beside Dramatiq alone on the same Redis in the same run."""

import asyncio
import statistics
import threading
import time
from typing import Any

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker

from bench.jobs.site import Client, opened
from kit.auth.caller import Caller
from kit.jobs.model import Submission

ANN = Caller("school", "ann")
PROBES = 200
PROBE_PAUSE = 0.05
SUBMITTERS = 32


async def run(count: int) -> None:
    """Prints the figures of one run."""
    async with opened(1, jobs_per_process=0) as client:
        await _first(client)
        print(f"pick-up by an idle worker, submit to claim: {_percentiles(await _pick_up(client))}")
        for kind, told in (("count", "counting"), ("mark", "writing to MongoDB twice")):
            accept, whole = await _throughput(client, count, kind)
            print(f"jobs, {told}: accepted {accept:.0f}/s, accepted, run and settled {whole:.0f}/s, of {count}")
        bare = _Bare(client.site.settings.redis_url)
        print(f"bare Dramatiq, pick-up: {_percentiles(await asyncio.to_thread(bare.pick_up))}")
        accept, whole = await asyncio.to_thread(bare.throughput, count)
        print(f"bare Dramatiq, counting: accepted {accept:.0f}/s, accepted and run {whole:.0f}/s, of {count}")


async def _first(client: Client) -> None:
    """Waits until a job went all the way, so that what is measured is not the start."""
    job = await client.jobs.submit(ANN, Submission("mark"))
    while await client.settled({"_id": job.id}) < 1:  # noqa: ASYNC110 - other processes write
        await asyncio.sleep(0.1)
    await asyncio.sleep(1.0)


async def _pick_up(client: Client) -> list[float]:
    """Milliseconds from before the submission until the claim, by the one clock of this machine."""
    taken = []
    for _ in range(PROBES):
        await asyncio.sleep(PROBE_PAUSE)
        before = time.time()
        job = await client.jobs.submit(ANN, Submission("mark"))
        row: Any = None
        while row is None:
            row = await client.grounds.database.jobs.find_one({"_id": job.id, "state": "succeeded"})
        taken.append((row["started"].timestamp() - before) * 1000)
    return taken


async def _throughput(client: Client, count: int, kind: str) -> tuple[float, float]:
    done = await client.settled()
    numbers, began = iter(range(count)), time.monotonic()

    async def submit() -> None:
        for number in numbers:
            await client.jobs.submit(Caller("school", f"user-{number % 5}"), Submission(kind))

    await asyncio.gather(*(submit() for _ in range(SUBMITTERS)))
    accepted = time.monotonic()
    while await client.settled() < done + count:  # noqa: ASYNC110 - other processes write
        await asyncio.sleep(0.1)
    return count / (accepted - began), count / (time.monotonic() - began)


class _Bare:
    """Dramatiq as it comes: 8 threads in this process, an actor that counts."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(url)
        broker = RedisBroker(url=url, namespace="bare", middleware=[])  # type: ignore[no-untyped-call]
        self._ran = threading.Event()
        self._actor = dramatiq.actor(broker=broker, actor_name="count", queue_name="bare")(self._count)
        self._worker = dramatiq.Worker(broker, worker_threads=8)
        self._worker.start()
        self._at = 0.0

    def pick_up(self) -> list[float]:
        taken = []
        for _ in range(PROBES // 4):
            time.sleep(PROBE_PAUSE * 4)
            self._ran.clear()
            before = time.monotonic()
            self._actor.send()
            self._ran.wait()
            taken.append((self._at - before) * 1000)
        return taken

    def throughput(self, count: int) -> tuple[float, float]:
        self._redis.set("bare:count", 0)
        began = time.monotonic()
        for _ in range(count):
            self._actor.send()
        accepted = time.monotonic()
        while int(self._redis.get("bare:count") or 0) < count:
            time.sleep(0.05)
        seconds = time.monotonic() - began
        self._worker.stop()
        return count / (accepted - began), count / seconds

    def _count(self) -> None:
        self._at = time.monotonic()
        self._redis.incr("bare:count")
        self._ran.set()


def _percentiles(taken: list[float]) -> str:
    cuts = statistics.quantiles(taken, n=100, method="inclusive")
    return f"p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms, max {max(taken):.1f} ms of {len(taken)}"
