"""Jobs a second from accept to settled, beside bare Dramatiq on the same Redis."""

import asyncio
from pathlib import Path
from typing import Any

from bench.jobs.site import opened
from bench.jobs.speed import first_job, throughput
from bench.peers.bare_dramatiq import bare_dramatiq
from bench.peers.site import OURS, Pace, interleaved
from bench.peers.table import Goal, Row

JOBS = 1500
DRAMATIQ = "bare Dramatiq"


async def measure(pace: Pace, folder: Path, raw: list[dict[str, Any]]) -> list[Row]:
    """On servers of their own, while nothing else runs."""
    count = JOBS // 3 if pace.quick else JOBS

    def keep(system: str, accepted: float, settled: float) -> float:
        raw.append({"row": "jobs", "system": system, "accepted_per_second": accepted, "per_second": settled})
        return settled

    async with opened(1, jobs_per_process=0) as client:
        await first_job(client)
        with bare_dramatiq(client.site.settings.redis_url, folder) as bare:

            async def ours() -> float:
                return keep(OURS, *await throughput(client, count))

            async def beside() -> float:
                return keep(DRAMATIQ, *await asyncio.to_thread(bare.throughput, count))

            found = await interleaved(pace.rounds, {OURS: ours, DRAMATIQ: beside})
    return [Row("jobs, accept to settled", "/s", found, [Goal(0.35, 0.5, DRAMATIQ)])]
