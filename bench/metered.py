"""Commands that the queues' Redis is sent, idle and by turn and report, freely and with LECTERN_REDIS_METERED.

Run by `python -m bench metered`. What the server sees is counted by its own MONITOR: commands that clients send, and
apart from them those that scripts run, which some providers count too.
"""

import argparse
import asyncio
import contextlib
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import aiohttp
import redis

from bench.load.asked import percentile
from bench.load.processor import machine
from bench.load.rig import Rig, Script, rig

DAY = 24 * 3600.0
SETTLE_SECONDS = 20.0
ENDED = {"SUCCEEDED", "FAILED", "CANCELLED"}


@dataclass
class Commands:
    """What came in while it was counted: by name, sent by clients and run by scripts."""

    sent: Counter[str] = field(default_factory=Counter)
    by_scripts: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def total(self, *, with_scripts: bool = False) -> int:
        return self.sent.total() + (self.by_scripts.total() if with_scripts else 0)


class Monitor:
    """Reads the commands of one Redis in a thread of its own, for as long as the process lives."""

    def __init__(self, url: str) -> None:
        self._connection = redis.Redis.from_url(url, socket_timeout=None)
        self._counted = Commands()
        self._following = threading.Event()
        threading.Thread(target=self._follow, daemon=True).start()
        self._following.wait()

    @contextmanager
    def counting(self) -> Iterator[Commands]:
        self._counted = counted = Commands()
        began = time.monotonic()
        yield counted
        counted.seconds = time.monotonic() - began
        self._counted = Commands()

    def _follow(self) -> None:
        with contextlib.suppress(redis.ConnectionError):  # the stack has ended
            self._read()

    def _read(self) -> None:
        following: Any = self._connection.monitor()  # type: ignore[no-untyped-call] # redis-py leaves it untyped
        with following as monitor:
            self._following.set()
            for each in monitor.listen():
                commands = self._counted
                kind = commands.by_scripts if each["client_type"] == "lua" else commands.sent
                kind[each["command"].split(" ", 1)[0].upper()] += 1


class Student:
    """Asks questions, then for reports on them, by REST at the edge."""

    def __init__(self, session: aiohttp.ClientSession, running: Rig) -> None:
        self._session = session
        self._base = running.stack.base_url
        self._headers = {"authorization": f"Bearer {running.stack.token('student')}"}
        self._question = {"course": running.course, "videoUrl": running.video_url}

    async def ask(self, number: int) -> str:
        turn = await self._call("POST", "/v1/chat", {**self._question, "message": f"What is a wave, {number}?"})
        return str(turn["thread"])

    async def report(self, thread: str, number: int) -> float:
        """Seconds until a worker took it."""
        job = await self._call("POST", f"/v1/{thread}/reports", {"requestId": f"r{number}-{time.time_ns()}"})
        while job.get("state") not in ENDED:
            await asyncio.sleep(0.1)
            job = await self._call("GET", f"/v1/{job['name']}")
        return (datetime.fromisoformat(job["startTime"]) - datetime.fromisoformat(job["createTime"])).total_seconds()

    async def _call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        async with self._session.request(method, f"{self._base}{path}", json=body, headers=self._headers) as response:
            response.raise_for_status()
            answer: dict[str, Any] = await response.json()
            return answer


async def measure(arguments: argparse.Namespace) -> None:
    print(f"({machine()})", flush=True)
    for name in arguments.modes.split(","):
        environ = {"LECTERN_REDIS_METERED": str(name == "metered")}
        async with rig(Script(), {}, environ) as running, aiohttp.ClientSession() as session:
            monitor, student = Monitor(running.stack.plan.environment["REDIS_URL"]), Student(session, running)
            await asyncio.sleep(SETTLE_SECONDS)
            with monitor.counting() as idle:
                await asyncio.sleep(arguments.idle)
            _tell(f"{name}: idle", idle, DAY / idle.seconds, "a day")
            with monitor.counting() as turns:
                threads = [await student.ask(number) for number in range(arguments.turns)]
                await asyncio.sleep(SETTLE_SECONDS)  # the jobs after the turns
            _tell(f"{name}: turn with its jobs", turns, 1 / arguments.turns, "each")
            with monitor.counting() as reports:
                waits = [await student.report(threads[-1], number) for number in range(arguments.reports)]
            _tell(f"{name}: report", reports, 1 / arguments.reports, "each")
            median, worst = (1000 * percentile(waits, share) for share in (0.5, 1))
            print(f"  {name}: reports were taken after {median:.0f} ms, at worst {worst:.0f} ms", flush=True)


def _tell(what: str, commands: Commands, times: float, unit: str) -> None:
    names = ", ".join(f"{name} {count}" for name, count in commands.sent.most_common(6))
    print(
        f"  {what}: {commands.total() * times:,.1f} commands {unit}, {commands.total(with_scripts=True) * times:,.1f} "
        f"with those in scripts (in {commands.seconds:.0f} s: {names})",
        flush=True,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--idle", type=float, default=360.0, help="seconds that nothing is asked")
    parser.add_argument("--modes", default="free,metered")
    parser.add_argument("--turns", type=int, default=10)
    parser.add_argument("--reports", type=int, default=5)
    asyncio.run(measure(parser.parse_args()))
