"""Ours beside LiteLLM, Portkey, bare Dramatiq and Node's socket.io: one table, interleaved rounds, medians, ratios.

Run by `python -m bench peers`. bench/README.md says how it is fair, and what limits it.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.load import users
from bench.load.generator import generate
from bench.load.orders import Order
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
WORKERS = (1, 2)


async def measure(arguments: argparse.Namespace) -> None:
    pace = QUICK if arguments.quick else Pace(rounds=arguments.rounds, seconds=arguments.seconds)
    names = arguments.rows.split(",")
    table, raw, began = Table(), list[dict[str, Any]](), time.monotonic()
    print(f"({machine()}; {pace.rounds} rounds)", flush=True)
    try:
        with tempfile.TemporaryDirectory(prefix="lectern-peers-") as folder:
            await _all(names, arguments.litellm_workers, pace, Path(folder), table, raw)
    finally:
        rows = [asdict(row) for row in table.rows]
        path = keep("peers", {"pace": asdict(pace), "rows": rows, "raw": raw, "table": table.markdown().splitlines()})
        print(f"\n{table.markdown()}\n\n({time.monotonic() - began:.0f} s; {machine()}; all figures in {path})")


async def _all(
    names: Sequence[str], workers: int, pace: Pace, folder: Path, table: Table, raw: list[dict[str, Any]]
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
                kept = await _litellm(provider, workers, folder, exits, raw)
                beside = {
                    peer.name: peer for peer in (kept, await exits.enter_async_context(portkey(provider, folder)))
                }
            site = Site(running, beside, pace, folder, raw)
            for name, row in ROWS.items():
                if name in names:
                    _add(table, await row(site))
    if "start" in names:
        _add(table, await still.start(folder / "data", raw))


async def _litellm(provider: str, workers: int, folder: Path, exits: AsyncExitStack, raw: list[dict[str, Any]]) -> Peer:
    """With as many workers as it was told, or with as many as serve it best here."""
    best = workers
    if not best:
        rates = {}
        for count in WORKERS:
            async with litellm(provider, count, folder) as peer:
                rates[count] = await _rate(peer)
        raw.append({"row": "LiteLLM by workers", "per_second": rates})
        best = max(rates, key=lambda count: rates[count])
    return await exits.enter_async_context(litellm(provider, best, folder))


async def _rate(peer: Peer) -> float:
    callers = users.completions("/v1", [peer.headers])
    order = Order("closed", peer.base_url, callers, seconds=4.0, warm_seconds=3.0, whole=users.CHOICES)
    return (await generate(order)).per_second


def _add(table: Table, rows: Sequence[Row]) -> None:
    for row in rows:
        table.add(row)


def main() -> None:
    known = (ALONE[0], *ROWS, ALONE[1])
    parser = argparse.ArgumentParser(prog="bench peers", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round of everything, about four minutes")
    parser.add_argument("--rounds", type=int, default=3, help="how often A B C is gone through")
    parser.add_argument("--seconds", type=float, default=5, help="how long each is measured")
    parser.add_argument("--rows", default=",".join(known), help=f"some of {', '.join(known)}, by commas")
    parser.add_argument("--litellm-workers", type=int, default=0, help="0 tries 1 and 2 and keeps what serves it best")
    asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
