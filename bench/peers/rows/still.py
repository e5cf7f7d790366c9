"""What an idle system takes, and how long the whole stack takes to start."""

import asyncio
import time
from pathlib import Path
from typing import Any

from bench.load.rig import start_again
from bench.load.stores import StoreMeter
from bench.load.usage import Usage
from bench.peers.site import OURS, Site
from bench.peers.table import Goal, Row

SETTLE_SECONDS = 8.0
SECONDS = 10.0


async def idle(site: Site) -> list[Row]:
    """Read once before and once after: the reading itself costs a command, which is left out."""
    await asyncio.sleep(SETTLE_SECONDS)
    own = {name: site.rig.stack.pid(name) for name in site.rig.stack.programs}
    meter, usage = StoreMeter(site.rig), Usage(own)
    began = time.monotonic()
    await asyncio.sleep(SECONDS)
    span, taken, counts = time.monotonic() - began, usage.since(), meter.since()
    counts = counts.told_apart(await meter.watched(SECONDS / 2)).each_of(span)
    meter.close()
    mongo = counts.total("mongodb")
    redis = sum(counts.total(store) for store in counts.commands if store != "mongodb")
    figures = {"mongodb_commands": mongo, "redis_commands": redis}
    by_process = {name: round(ms / span, 3) for name, ms in taken.items()}
    site.raw.append({"row": "idle", "system": OURS, "processor_ms_per_second": by_process, **figures})
    total = sum(taken.values()) / span
    return [
        Row("idle: processor of all processes", "ms/s", {OURS: [total]}, [Goal(20, None, more=False)]),
        Row("idle: commands of MongoDB", "/s", {OURS: [mongo]}, [Goal(5, 2, more=False)]),
        Row("idle: commands of both Redis from clients", "/s", {OURS: [redis]}, [Goal(5, 2, more=False)]),
    ]


async def start(folder: Path, raw: list[dict[str, Any]]) -> list[Row]:
    """On the data of the stack that was measured, while nothing else runs."""
    found = await start_again(folder)
    raw.append({"row": "start", "system": OURS, "awaited": found.awaited, "everything": found.everything})
    note = f"with dispatcher and workers {found.everything:.1f} s"
    return [Row("start of the whole stack, warm", "s", {OURS: [found.awaited]}, [Goal(10, None, more=False)], note)]
