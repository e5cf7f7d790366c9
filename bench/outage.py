"""Both Redis gone under load: chat before, during and after, second by second; and whether anything was lost.

Run by `python -m bench outage`. Students ask all the while, half of them by gRPC at the gateway and half by server-sent
events at the edge. The command fails where a turn does not complete, or a message can't be read afterwards.
"""

import argparse
import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Protocol

from bench.load.asked import Asked, Figures
from bench.load.crowd import Crowd
from bench.load.doors import grpc_doors, rest_doors
from bench.load.kept import lost
from bench.load.processor import machine
from bench.load.rig import Rig, Script, rig
from local.programs.redis import CACHE, QUEUE

WARM_SECONDS = 3.0
BOTH = (QUEUE, CACHE)


class Outage(Protocol):
    """A way to be gone."""

    async def begin(self) -> None: ...

    async def end(self) -> None: ...


class Killed:
    """The processes end without a word, and stay away."""

    def __init__(self, rig: Rig) -> None:
        self._stack = rig.stack

    async def begin(self) -> None:
        for name in BOTH:
            os.kill(self._stack.pid(name), signal.SIGKILL)
        await asyncio.gather(*(self._stack.hold(name) for name in BOTH))

    async def end(self) -> None:
        await asyncio.gather(*(self._stack.release(name) for name in BOTH))


class Hung:
    """The processes take connections and answer nothing."""

    def __init__(self, rig: Rig) -> None:
        self._pids = [rig.stack.pid(name) for name in BOTH]

    async def begin(self) -> None:
        for pid in self._pids:
            os.kill(pid, signal.SIGSTOP)

    async def end(self) -> None:
        for pid in self._pids:
            os.kill(pid, signal.SIGCONT)


KINDS: dict[str, Callable[[Rig], Outage]] = {"killed": Killed, "hung": Hung}


@dataclass(frozen=True)
class Window:
    """A stretch of the run, by the clock that questions are timed by."""

    name: str
    began: float
    ended: float

    def holds(self, asked: Asked) -> bool:
        return self.began <= asked.ended < self.ended

    def figures(self, asked: Sequence[Asked]) -> Figures:
        return Figures.of([each for each in asked if self.holds(each)], self.ended - self.began)


async def measure(arguments: argparse.Namespace) -> bool:
    """Whether every turn completed and every message is there."""
    script = Script(arguments.first_token_ms, arguments.words_per_second)
    async with rig(script, {}) as running, AsyncExitStack() as exits:
        half = arguments.students // 2
        doors = [
            *await grpc_doors(running.target("gateway"), half, exits),
            *await rest_doors(running.stack.base_url, arguments.students - half, exits),
        ]
        crowd = Crowd(running, doors)
        await crowd.ask_for(WARM_SECONDS)
        windows = await _through(crowd, KINDS[arguments.kind](running), arguments)
        _print(windows, crowd.asked)
        return _judge(crowd.asked, await lost(running, crowd.asked))


async def _through(crowd: Crowd, outage: Outage, arguments: argparse.Namespace) -> list[Window]:
    print(f"{arguments.students} students, both Redis {arguments.kind}; {machine()}", flush=True)
    whole = arguments.seconds * 2 + arguments.away
    asking = asyncio.create_task(crowd.ask_for(whole, pause=arguments.pause))
    windows = [
        await _window("before", _nothing, arguments.seconds),
        await _window("during", outage.begin, arguments.away),
        await _window("after", outage.end, arguments.seconds),
    ]
    await asking
    return windows


async def _window(name: str, change: Callable[[], Awaitable[None]], seconds: float) -> Window:
    began = time.monotonic()
    await change()
    await asyncio.sleep(began + seconds - time.monotonic())
    return Window(name, began, time.monotonic())


async def _nothing() -> None:
    pass


def _print(windows: Sequence[Window], asked: Sequence[Asked]) -> None:
    for window in windows:
        for second in range(int(window.ended - window.began)):
            began = window.began + second
            print(f"{window.name:<6} {second:>3} s  {_line(Window('', began, began + 1).figures(asked))}")
    for window in windows:
        print(f"{window.name:<6} in sum  {window.figures(asked)}")


def _line(figures: Figures) -> str:
    return (
        f"{figures.turns:>4} turns   first text p50 {figures.first_p50 * 1000:5.0f} ms   whole turn p50 "
        f"{figures.whole_p50 * 1000:5.0f} ms, max {figures.slowest * 1000:5.0f} ms   errors {figures.errors.total()}"
    )


def _judge(asked: Sequence[Asked], missing: "dict[str, int]") -> bool:
    failed = Figures.of(asked, 0).errors
    print(f"asked {len(asked)}, not completed {failed.total()}, of those completed lost: {dict(missing) or 'nothing'}")
    return not failed and not missing


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench outage", description=__doc__)
    parser.add_argument("--students", type=int, default=12, help="how many ask at once")
    parser.add_argument("--seconds", type=float, default=10, help="how long before, and how long after")
    parser.add_argument("--away", type=float, default=30, help="how long both Redis are away")
    parser.add_argument("--kind", choices=KINDS, default="killed", help="how they are away")
    parser.add_argument("--pause", type=float, default=0.2, help="how long a student thinks between two questions")
    parser.add_argument("--first-token-ms", type=float, default=100, help="how long the model thinks")
    parser.add_argument("--words-per-second", type=float, default=120, help="how fast it speaks; 0 says all at once")
    sys.exit(0 if asyncio.run(measure(parser.parse_args())) else 1)


if __name__ == "__main__":
    main()
