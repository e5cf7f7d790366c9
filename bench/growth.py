"""What once, twice and four times the load and the data cost, in one plot.

Run by `python -m bench growth`. Solid lines are the processor time of so much more: turns a second, threads, messages,
jobs, passages; they should lie on the diagonal. Dashed lines are one call while so much more is stored: they should be
flat.
"""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

import aiohttp

from bench.load import plot, users
from bench.load.generator import each_once, generate
from bench.load.orders import NUMBER, Caller, Order
from bench.load.processor import machine
from bench.load.rig import Rig, Script, rig
from bench.load.usage import Usage
from bench.peers.environment import keep

FACTORS = (1, 2, 4)
SETTLE_SECONDS = 4.0
CALM_SHARE = 0.05
CUE = "00:{minute:02}:{second:02}.000 --> 00:{minute:02}:{second:02}.900\nIn case {n} wave {kind} carries energy."


class Grown:
    """A stack that holds more and more; every amount is added up to once, twice and four times the base."""

    def __init__(self, running: Rig, session: aiohttp.ClientSession, base: int) -> None:
        self._rig, self._session, self._base = running, session, base
        self._usage = Usage({name: running.stack.pid(name) for name in running.stack.programs})
        self._idle = 0.0
        self.costs: dict[str, list[float]] = {}

    async def settle(self) -> None:
        """Calls everything once, then reads what the system takes when nobody asks."""
        await each_once(self._rig.stack.base_url, self._talkers(), users.THREAD)
        for call in self._calls().values():
            await call()
        await asyncio.sleep(SETTLE_SECONDS)
        self._usage.since()
        await asyncio.sleep(SETTLE_SECONDS)
        self._idle = sum(self._usage.since().values()) / SETTLE_SECONDS

    async def grow(self, factor: int) -> None:
        """From half of the amounts to all of them: what it costs, and what each call costs then."""
        before = factor // 2
        await self._amount("threads", factor, before, self._add_threads)
        await self._amount("messages", factor, before, self._add_messages)
        await self._amount("jobs", factor, before, self._add_jobs)
        await self._amount("passages", factor, before, self._add_passages)
        rate = self._base * factor / 10
        await self._cost("turns a second", lambda: self._paced(rate))
        for name, call in self._calls().items():
            await self._cost(name, call)

    async def _amount(self, name: str, factor: int, before: int, add: Callable[[int, int], Awaitable[int]]) -> None:
        """The cost of the whole amount: of what was there before, and of what is added now."""
        earlier = self.costs[name][-1] if before else 0.0
        self.costs.setdefault(name, []).append(earlier + await self._taken(lambda: add(before, factor)))

    async def _cost(self, name: str, call: Callable[[], Awaitable[int]]) -> None:
        self.costs.setdefault(name, []).append(await self._taken(call))

    async def _taken(self, call: Callable[[], Awaitable[int]]) -> float:
        """Milliseconds of all processes, without what they take anyway, until what the call set off has calmed down."""
        self._usage.since()
        began, taken = time.monotonic(), 0.0
        count = await call()
        while True:
            await asyncio.sleep(0.5)
            last = sum(self._usage.since().values())
            taken += last
            if last <= 0.5 * (self._idle + 1000 * CALM_SHARE) or time.monotonic() - began > 60:
                break
        return max(0.0, taken - self._idle * (time.monotonic() - began)) / max(1, count)

    async def _add_threads(self, before: int, after: int) -> int:
        """One thread is one user's first turn."""
        names = users.names("thread", after * self._base)[before * self._base :]
        await each_once(self._rig.stack.base_url, users.turns(self._rig, names), users.THREAD)
        return 1

    async def _add_messages(self, before: int, after: int) -> int:
        """Of one thread."""
        callers = users.turns(self._rig, ["talker"])
        for _ in range(before * self._base, after * self._base):
            await self._post(callers[0].path, callers[0])
        return 1

    async def _add_jobs(self, before: int, after: int) -> int:
        """Turns that nobody waits for, of as many users."""
        names = users.names("enqueuer", after * self._base)[before * self._base :]
        callers = [Caller("/v1/chat:enqueue", each.headers, each.body) for each in users.turns(self._rig, names)]
        await each_once(self._rig.stack.base_url, callers, '"name"')
        return 1

    async def _add_passages(self, before: int, after: int) -> int:
        """A lecture of some minutes after another."""
        for number in range(before * self._base // 4, after * self._base // 4):
            transcript = "WEBVTT\n\n" + "\n\n".join(
                CUE.format(minute=n // 30, second=n % 30 * 2, n=n, kind=f"{number}-{n}") for n in range(200)
            )
            video = f"https://videos.example/growth-{number}"
            body = {"videoUrl": video, "title": f"Lecture {number}", "format": "VTT", "transcript": transcript}
            url = f"{self._rig.stack.base_url}/v1/{self._rig.course}/videos:import"
            async with self._session.post(url, json=body, headers=users.teacher(self._rig)) as response:
                response.raise_for_status()
        return 1

    async def _paced(self, rate: float) -> int:
        order = Order(
            "paced", self._rig.stack.base_url, self._talkers(), seconds=5.0, warm_seconds=0.0, per_second=rate
        )
        await generate(order)
        return 1

    def _calls(self) -> Mapping[str, Callable[[], Awaitable[int]]]:
        names = users.names("user", self._base)
        search = f"/v1/{self._rig.course}/passages:search?query=energy%20of%20a%20wave"
        return {
            "one turn in its thread": lambda: self._many("POST", users.turns(self._rig, ["talker"]), 1),
            "one turn of anybody": lambda: self._many("POST", self._talkers(), 8),
            "one list of threads": lambda: self._many("GET", users.reads(self._rig, names, "/v1/threads"), 8),
            "one search for passages": lambda: self._many("GET", users.reads(self._rig, names, search), 8),
            "one list of queues": lambda: self._many("GET", [Caller("/v1/queues", users.admin(self._rig))], 4),
        }

    def _talkers(self) -> list[Caller]:
        """Users who have had a thread from the beginning."""
        return users.turns(self._rig, users.names("user", self._base))

    async def _many(self, method: str, callers: Sequence[Caller], connections: int) -> int:
        order = Order(
            "closed",
            self._rig.stack.base_url,
            callers,
            method=method,
            seconds=3.0,
            warm_seconds=0.0,
            connections=connections,
        )
        return (await generate(order)).in_all

    async def _post(self, path: str, caller: Caller) -> None:
        body = caller.body.replace(NUMBER, str(time.monotonic_ns()))
        url = f"{self._rig.stack.base_url}{path}"
        async with self._session.post(url, data=body, headers=caller.headers) as response:
            response.raise_for_status()


async def measure(arguments: argparse.Namespace) -> None:
    async with rig(Script(), {}) as running, aiohttp.ClientSession() as session:
        grown = Grown(running, session, arguments.base)
        await grown.settle()
        for factor in FACTORS:
            await grown.grow(factor)
            last = ", ".join(f"{name} {costs[-1]:.1f}" for name, costs in grown.costs.items())
            print(f"{factor}x ({machine()}), ms: {last}", flush=True)
    lines = relative(grown.costs)
    path = keep("growth", {"base": arguments.base, "factors": FACTORS, "processor_ms": grown.costs, "relative": lines})
    drawn = Path(arguments.plot) if arguments.plot else path.with_suffix(".svg")
    flat = [name for name in lines if name.startswith("one ")]
    _draw(drawn, plot.svg("Processor time at 1x, 2x and 4x, beside 1x", FACTORS, lines, flat))
    for name, line in lines.items():
        print(f"  {name:<24} " + "   ".join(f"{value:5.2f}x" for value in line))
    print(f"(all figures in {path}, the plot in {drawn})")


def relative(costs: Mapping[str, Sequence[float]]) -> dict[str, list[float]]:
    """Beside what once the amount costs."""
    return {name: [value / line[0] if line[0] else 0.0 for value in line] for name, line in costs.items()}


def _draw(path: Path, picture: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(picture)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench growth", description=__doc__)
    parser.add_argument("--base", type=int, default=80, help="how many threads, messages and jobs are once the amount")
    parser.add_argument("--plot", default="", help="where the plot is written, an SVG; beside the figures if not told")
    asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
