"""Ours beside LiteLLM, Portkey, bare Dramatiq and Node's socket.io: one table, interleaved rounds, medians, ratios.

Run by `python -m bench peers`. bench/README.md says how it is fair, and what limits it.
"""

import argparse
import asyncio
import signal
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.load.processor import machine
from bench.load.rig import Script, rig
from bench.peers.environment import keep
from bench.peers.litellm import litellm
from bench.peers.portkey import portkey
from bench.peers.rows import completions, crowds, fan_out, instants, jobs, reads, still, streams
from bench.peers.server import Peer
from bench.peers.site import Pace, Site
from bench.peers.table import Row, Table

QUICK = Pace(rounds=1, seconds=3.0, quick=True)
ROWS: dict[str, Callable[[Site], Awaitable[Sequence[Row]]]] = {
    "idle": still.idle,
    "completions": completions.measure,
    "streams": streams.measure,
    "reads": reads.measure,
    "crowds": crowds.measure,
    "instants": instants.measure,
    "fan-out": fan_out.measure,
}
ALONE = ("jobs", "start")


async def measure(arguments: argparse.Namespace) -> None:
    pace = QUICK if arguments.quick else Pace(rounds=arguments.rounds, seconds=arguments.seconds)
    names = arguments.rows.split(",")
    workers = [int(count) for count in arguments.litellm_workers.split(",")]
    table, raw, began = Table(), list[dict[str, Any]](), time.monotonic()
    print(f"({machine()}; {pace.rounds} rounds)", flush=True)
    try:
        with tempfile.TemporaryDirectory(prefix="lectern-peers-") as folder:
            await _all(names, workers, pace, Path(folder), table, raw)
    finally:
        rows = [asdict(row) for row in table.rows]
        path = keep("peers", {"pace": asdict(pace), "rows": rows, "raw": raw, "table": table.markdown().splitlines()})
        print(f"\n{table.markdown()}\n\n({time.monotonic() - began:.0f} s; {machine()}; all figures in {path})")


async def _all(
    names: Sequence[str], workers: Sequence[int], pace: Pace, folder: Path, table: Table, raw: list[dict[str, Any]]
) -> None:
    """First what stands alone, then everything that needs the stack, then the start of one more."""
    if "jobs" in names:
        _add(table, await jobs.measure(pace, folder, raw))
    if any(name in ROWS for name in names):
        async with AsyncExitStack() as exits:
            running = await exits.enter_async_context(rig(Script(), {}, folder=folder / "data"))
            provider = running.provider.base_url
            beside: dict[str, Peer] = {}
            if {"completions", "streams"} & set(names):
                for start in (*(litellm(provider, count, folder) for count in workers), portkey(provider, folder)):
                    peer = await exits.enter_async_context(start)
                    beside[peer.name] = peer
            site = Site(running, beside, pace, folder, raw)
            for name, row in ROWS.items():
                if name in names:
                    _add(table, await row(site))
    if "start" in names:
        _add(table, await still.start(folder / "data", raw))


def _add(table: Table, rows: Sequence[Row]) -> None:
    for row in rows:
        table.add(row)


def main() -> None:
    known = (ALONE[0], *ROWS, ALONE[1])
    parser = argparse.ArgumentParser(prog="bench peers", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round of everything, about five minutes")
    parser.add_argument("--rounds", type=int, default=3, help="how often A B C is gone through")
    parser.add_argument("--seconds", type=float, default=5, help="how long each is measured")
    parser.add_argument("--rows", default=",".join(known), help=f"some of {', '.join(known)}, by commas")
    parser.add_argument("--litellm-workers", default="1,2", help="LiteLLM once for each, by commas; its default is 1")
    asyncio.run(_until_told(parser.parse_args()))


async def _until_told(arguments: argparse.Namespace) -> None:
    """As a task that signals cancel: a peer's workers would outlive one that just ended."""
    run = asyncio.ensure_future(measure(arguments))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, run.cancel)
    with suppress(asyncio.CancelledError):
        await run


if __name__ == "__main__":
    main()
