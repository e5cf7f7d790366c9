"""Memory of each process under a steady load of 70 % of what the stack can do, over half an hour.

Run by `python -m bench soak --minutes 30`.
"""

import argparse
import asyncio
import time
from collections.abc import Mapping, Sequence

from bench.load import users
from bench.load.generator import each_once, generate
from bench.load.orders import Caller, Order, Outcome
from bench.load.processor import machine
from bench.load.rig import Rig, Script, rig
from bench.load.usage import resident_mib
from bench.peers.environment import keep

STUDENTS = 120
CONNECTIONS = 24
SLICE_SECONDS = 30.0
TRIAL_SECONDS = 10.0
WARM_SHARE = 0.4
"""Caches and pools fill at first, and logs of turns stay for ten minutes: growth is counted from here on."""
GOAL = 0.02

Sizes = Mapping[str, float]


async def measure(arguments: argparse.Namespace) -> None:
    async with rig(Script(), {}) as running:
        callers = users.turns(running, users.names("student", STUDENTS))
        await each_once(running.stack.base_url, callers, users.THREAD)
        able = await generate(_order(running, callers, "closed", TRIAL_SECONDS))
        rate = able.per_second * arguments.load
        print(f"({machine()}) {able.per_second:.1f} turns/s at the most; {rate:.1f} for {arguments.minutes:g} minutes")
        sizes, outcomes = await _soaked(running, callers, rate, arguments.minutes * 60)
        growth = grown(sizes)
        keep("soak", {"rate": rate, "sizes_mib": sizes, "turns": sum(outcome.done for outcome in outcomes)})
        failed = sum(outcome.failed for outcome in outcomes)
        print(f"{sum(outcome.done for outcome in outcomes)} turns, {failed} failed")
        for name, share in sorted(growth.items(), key=lambda item: item[1], reverse=True):
            print(f"  {name:<16} {sizes[0].get(name, 0):7.1f} -> {sizes[-1].get(name, 0):7.1f} MiB   {share:+.1%}")
        print(f"  all together {growth['all']:+.1%}, wanted at most {GOAL:.0%}")


async def _soaked(
    running: Rig, callers: Sequence[Caller], rate: float, seconds: float
) -> tuple[list[Sizes], list[Outcome]]:
    """Sizes after each slice of the time."""
    sizes, outcomes, ends = [_sizes(running)], list[Outcome](), time.monotonic() + seconds
    while (left := ends - time.monotonic()) > 1:
        outcomes.append(await generate(_order(running, callers, "paced", min(SLICE_SECONDS, left), rate)))
        sizes.append(_sizes(running))
        outcome = outcomes[-1]
        print(
            f"  {(seconds - ends + time.monotonic()) / 60:5.1f} min   {outcome.per_second:6.1f} turns/s   "
            f"p99 {outcome.p99:5.0f} ms   {sizes[-1]['all']:7.1f} MiB",
            flush=True,
        )
    return sizes, outcomes


def grown(sizes: Sequence[Sizes]) -> dict[str, float]:
    """By how much each process grew once it was warm, by its median in the first and the last third of the time."""
    warm = sizes[int(len(sizes) * WARM_SHARE) :]
    third = max(1, len(warm) // 3)
    names = [name for name, size in warm[0].items() if size]
    return {name: _median(warm[-third:], name) / _median(warm[:third], name) - 1 for name in names}


def _median(sizes: Sequence[Sizes], name: str) -> float:
    ranked = sorted(each.get(name, 0.0) for each in sizes)
    return ranked[len(ranked) // 2]


def _sizes(running: Rig) -> Sizes:
    each = {name: resident_mib(running.stack.pid(name)) for name in running.stack.programs}
    return each | {"all": sum(each.values())}


def _order(running: Rig, callers: Sequence[Caller], pattern: str, seconds: float, rate: float = 0.0) -> Order:
    return Order(
        "paced" if pattern == "paced" else "closed",
        running.stack.base_url,
        callers,
        seconds=seconds,
        connections=CONNECTIONS,
        per_second=rate,
        whole=users.THREAD,
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30, help="how long")
    parser.add_argument("--load", type=float, default=0.7, help="the share of what it can do at the most")
    asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
