"""Idle pick-up, and throughput from submission to effect, beside Dramatiq alone on the same Redis in the same run."""

import asyncio
import statistics
import time
from typing import Any

from bench.jobs.site import Client, opened
from bench.peers.bare_dramatiq import bare_dramatiq
from kit.auth.caller import Caller
from kit.jobs.model import Submission

ANN = Caller("school", "ann")
PROBES = 200
PROBE_PAUSE = 0.05
SUBMITTERS = 32


async def run(count: int) -> None:
    """Prints the figures of one run."""
    async with opened(1, jobs_per_process=0) as client:
        await first_job(client)
        print(f"pick-up by an idle worker, submit to claim: {_percentiles(await _pick_up(client))}")
        accept, whole = await throughput(client, count)
        print(f"jobs, counting: accepted {accept:.0f}/s, accepted, run and settled {whole:.0f}/s, of {count}")
        accept, whole = await throughput(client, count, "mark")
        print(f"jobs with two writes to MongoDB each: accepted {accept:.0f}/s, settled {whole:.0f}/s, of {count}")
        with bare_dramatiq(client.site.settings.redis_url, client.site.folder) as bare:
            print(f"bare Dramatiq, pick-up: {_percentiles(await asyncio.to_thread(bare.pick_up, PROBES // 4))}")
            accept, whole = await asyncio.to_thread(bare.throughput, count)
            print(f"bare Dramatiq, counting: accepted {accept:.0f}/s, accepted and run {whole:.0f}/s, of {count}")


async def first_job(client: Client) -> None:
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


async def throughput(client: Client, count: int, kind: str = "count") -> tuple[float, float]:
    """Jobs accepted a second, and accepted, run and settled; those that count do what the peer's do."""
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


def _percentiles(taken: list[float]) -> str:
    cuts = statistics.quantiles(taken, n=100, method="inclusive")
    return f"p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms, max {max(taken):.1f} ms of {len(taken)}"
