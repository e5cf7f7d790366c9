"""How fast a report is accepted and its status read, by REST at the edge of a whole stack.

Run by `python -m bench reports`. Every student has a thread of one turn and asks for a report on it: all in the same
instant, then one after another at a steady pace.
"""

import argparse
import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from bench.load.asked import percentile
from bench.load.processor import machine
from bench.load.rig import Rig, Script, rig

ASK_AT_ONCE = 24
Call = Callable[["Student"], Awaitable[int]]


@dataclass
class Student:
    """A user with a thread, and the job of the last report on it."""

    token: str
    thread: str = ""
    job: str = ""

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}


class Desk:
    """What students do, each over the one session."""

    def __init__(self, session: aiohttp.ClientSession, running: Rig) -> None:
        self._session = session
        self._rig = running
        self._numbers = itertools.count()

    async def ask_question(self, student: Student) -> int:
        body = {"course": self._rig.course, "videoUrl": self._rig.video_url, "message": "What is a wave?"}
        status, answer = await self._call("POST", "/v1/chat", student, body)
        student.thread = answer.get("thread", "")
        return status

    async def ask_report(self, student: Student) -> int:
        path = f"/v1/{student.thread}/reports"
        status, answer = await self._call("POST", path, student, {"requestId": f"r{next(self._numbers)}"})
        student.job = answer.get("name", "")
        return status

    async def read_status(self, student: Student) -> int:
        return (await self._call("GET", f"/v1/{student.job}", student))[0]

    async def _call(self, method: str, path: str, student: Student, body: Any = None) -> tuple[int, dict[str, Any]]:
        url = f"{self._rig.stack.base_url}{path}"
        async with self._session.request(method, url, json=body, headers=student.headers) as response:
            return response.status, await response.json()


async def measure(arguments: argparse.Namespace) -> None:
    async with rig(Script(), {}) as running, _session() as session:
        desk = Desk(session, running)
        students = [Student(running.stack.token(f"student-{number}")) for number in range(arguments.students)]
        for at in range(0, len(students), ASK_AT_ONCE):
            await asyncio.gather(*(desk.ask_question(student) for student in students[at : at + ASK_AT_ONCE]))
        print(f"{len(students)} students ({machine()}):", flush=True)
        for name, call in (("POST .../reports", desk.ask_report), ("GET /v1/jobs/...", desk.read_status)):
            await _timed(call, students[:ASK_AT_ONCE], 0)
            print(f"  {name}, all at once       {await _timed(call, students, 0)}", flush=True)
            pace = arguments.per_second
            print(f"  {name}, {pace:g} a second   {await _timed(call, students, pace)}", flush=True)


async def _timed(call: Call, students: Sequence[Student], per_second: float) -> str:
    """The figures of one call by each; 0 a second means in the same instant."""
    statuses: Counter[int] = Counter()
    seconds: list[float] = []
    began = time.perf_counter()

    async def one(number: int, student: Student) -> None:
        if per_second:
            await asyncio.sleep(max(0.0, began + number / per_second - time.perf_counter()))
        start = time.perf_counter()
        statuses[await call(student)] += 1
        seconds.append(time.perf_counter() - start)

    await asyncio.gather(*(one(number, student) for number, student in enumerate(students)))
    span = time.perf_counter() - began
    p50, p99 = (percentile(seconds, part) * 1000 for part in (0.5, 0.99))
    return f"p50 {p50:7.1f} ms   p99 {p99:7.1f} ms   {len(seconds) / span:6.1f}/s   statuses {dict(statuses)}"


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench reports", description=__doc__)
    parser.add_argument("--students", type=int, default=300, help="how many ask")
    parser.add_argument("--per-second", type=float, default=50, help="the steady pace")
    asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
