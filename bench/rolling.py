"""A rolling restart of each service in turn, under load: what failed, which streams broke, which jobs were lost.

Run by `python -m bench rolling`. A whole stack runs with two instances of each service and of the workers. Each
instance is told to leave as a rollout does (SIGTERM), and started again before the next one is. Meanwhile readers and
questioners call the edge and try nothing twice, and students read streams that they take up again where one breaks.
"""

import argparse
import asyncio
import itertools
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

import aiohttp

from bench.load.asked import Asked
from bench.load.crowd import Crowd
from bench.load.kept import lost
from bench.load.processor import machine
from bench.load.resuming import ResumingDoor
from bench.load.rig import Rig, Script, rig
from kit.auth.caller import Role
from local.parts import DISPATCHER, SERVICES, WORKERS, worker_name

LIFE = {"LECTERN_LEAVE_SECONDS": "4", "LECTERN_DRAIN_SECONDS": "9"}
WORKERS_OF = tuple(worker_name(service) for service in WORKERS)
# As minReadySeconds of a Deployment: until all peers have noticed, the next instance stays.
READY_SECONDS = 5.0
SETTLE_SECONDS = 60
ASK_EVERY = 25


class Calls:
    """Single requests at the edge, each tried once; `statuses` has what came of them."""

    def __init__(self, session: aiohttp.ClientSession, running: Rig, wanted: int) -> None:
        self._session = session
        self._rig = running
        self._numbers = itertools.count(1)
        self.wanted = wanted
        self.statuses: Counter[str] = Counter()
        self.questioners = 0
        self.step = "before"

    @property
    def failed(self) -> dict[str, int]:
        return {status: count for status, count in self.statuses.items() if status != "200"}

    async def go_on(self, rolled: asyncio.Event) -> None:
        """Calls until everything was rolled and there were as many calls as wanted."""
        while not rolled.is_set() or self.statuses.total() < self.wanted:
            number = next(self._numbers)
            await (self._read(number) if number % ASK_EVERY else self._question(number))

    async def _read(self, number: int) -> None:
        paths = (
            "/v1/threads",
            "/v1/courses",
            f"/v1/{self._rig.course}/passages:search?query=wave&pageSize=3",
            "/v1/jobs?pageSize=5",
            "/v1/usage",
        )
        await self._call("GET", paths[number % len(paths)], "reader")

    async def _question(self, number: int) -> None:
        """By a new user, so that each makes a thread, and with it the job of its title."""
        self.questioners += 1
        body = {"course": self._rig.course, "videoUrl": self._rig.video_url, "message": f"What is a wave? ({number})"}
        await self._call("POST", "/v1/chat", f"questioner-{number}", body)

    async def _call(self, method: str, path: str, user: str, body: Any = None) -> None:
        headers = {"authorization": f"Bearer {self._rig.stack.token(user)}"}
        try:
            async with self._session.request(
                method, f"{self._rig.stack.base_url}{path}", json=body, headers=headers
            ) as response:
                text = await response.text()
                self._note(method, path, response.status, text)
        except (aiohttp.ClientError, TimeoutError) as error:
            self._note(method, path, 0, type(error).__name__)

    def _note(self, method: str, path: str, status: int, text: str) -> None:
        failure = f"{self.step}: {method} {path.partition('?')[0]}: {status} {text[:160]}"
        self.statuses["200" if status == 200 else failure] += 1


async def measure(arguments: argparse.Namespace) -> bool:
    """Whether nothing failed and nothing was lost."""
    instances = dict.fromkeys((*SERVICES, *WORKERS_OF), 2)
    script = Script(arguments.first_token_ms, arguments.words_per_second)
    async with rig(script, instances, LIFE) as running, AsyncExitStack() as exits:
        session = await exits.enter_async_context(_session())
        doors = [ResumingDoor(session, running.stack.base_url) for _ in range(arguments.students)]
        crowd, calls = Crowd(running, doors), Calls(session, running, arguments.requests)
        print(f"{arguments.students} students, {arguments.callers} callers; {machine()}", flush=True)
        rolled = asyncio.Event()
        load = [asyncio.create_task(calls.go_on(rolled)) for _ in range(arguments.callers)]
        load.append(asyncio.create_task(_study(crowd, rolled)))
        await _roll(running, _order(running), calls)
        rolled.set()
        await asyncio.gather(*load)
        broken = sum(door.broken for door in doors)
        jobs = await _jobs(session, running)
        return _judge(calls, crowd.asked, broken, await lost(running, crowd.asked), jobs)


async def _study(crowd: Crowd, rolled: asyncio.Event) -> None:
    while not rolled.is_set():
        await crowd.ask_for(5, pause=0.2)


def _order(running: Rig) -> list[str]:
    """Every instance of a service, then of the next one."""
    parts = (*SERVICES, DISPATCHER, *WORKERS_OF)
    return [
        name for part in parts for name in running.stack.programs if name.rpartition("-")[0] == part or name == part
    ]


async def _roll(running: Rig, names: Sequence[str], calls: Calls) -> None:
    for name in names:
        began, calls.step = time.monotonic(), f"{name} leaves"
        await running.stack.hold(name)
        left, calls.step = time.monotonic(), f"{name} starts"
        await running.stack.release(name)
        back, calls.step = time.monotonic(), f"{name} is back"
        await asyncio.sleep(READY_SECONDS)
        print(f"  {name:<18} left in {left - began:4.1f} s, back after {back - left:4.1f} s", flush=True)


async def _jobs(session: aiohttp.ClientSession, running: Rig) -> Counter[str]:
    """Titles by their state, once none is on its way."""
    ends = time.monotonic() + SETTLE_SECONDS
    while True:
        states = Counter(job["state"] for job in await _titles(session, running))
        if not {"QUEUED", "RUNNING"} & states.keys() or time.monotonic() > ends:
            return states
        await asyncio.sleep(1)


async def _titles(session: aiohttp.ClientSession, running: Rig) -> list[dict[str, Any]]:
    headers = {"authorization": f"Bearer {running.stack.token('operator', Role.ADMIN)}"}
    query = {"kind": "generate_title", "pageSize": "200", "pageToken": ""}
    jobs: list[dict[str, Any]] = []
    while True:
        async with session.get(f"{running.stack.base_url}/v1/jobs", params=query, headers=headers) as response:
            page = await response.json()
        jobs += page.get("jobs", [])
        query["pageToken"] = page.get("nextPageToken", "")
        if not query["pageToken"]:
            return jobs


def _judge(calls: Calls, asked: Sequence[Asked], broken: int, missing: Counter[str], jobs: Counter[str]) -> bool:
    print(f"requests {calls.statuses.total()}, failed {sum(calls.failed.values())}")
    for status, count in calls.failed.items():
        print(f"  {count} x {status}")
    unanswered = Counter(each.error for each in asked if each.error)
    print(f"streams {len(asked)}, broken and taken up again {broken}, not answered {dict(unanswered) or 'none'}")
    print(f"messages lost or doubled: {dict(missing) or 'none'}")
    threads = calls.questioners + len({each.user for each in asked})
    print(f"threads {threads}, jobs of their titles {jobs.total()}: {dict(jobs)}")
    whole = jobs.total() == threads == jobs["SUCCEEDED"]
    return whole and not calls.failed and not unanswered and not missing


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=60))


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench rolling", description=__doc__)
    parser.add_argument("--students", type=int, default=6, help="how many read streams")
    parser.add_argument("--callers", type=int, default=16, help="how many single requests are under way at once")
    parser.add_argument("--requests", type=int, default=10_000, help="how many single requests at least")
    parser.add_argument("--first-token-ms", type=float, default=100, help="how long the model thinks")
    parser.add_argument("--words-per-second", type=float, default=30, help="how fast it speaks; 0 says all at once")
    sys.exit(0 if asyncio.run(measure(parser.parse_args())) else 1)


if __name__ == "__main__":
    main()
