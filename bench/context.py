"""What context costs: processor time, latencies, reads of MongoDB with and without caches, builds under a stampede.

Run it with `python -m bench.context`. Two instances of the service run as processes of their own, over a real MongoDB
and Redis; vectors come from a stand-in without a model, so what is measured is this service and its databases.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import psutil
from lectern.context.v1 import courses_pb2, courses_pb2_grpc, grounding_pb2_grpc
from pymongo import AsyncMongoClient

from kit.channel import Peer
from tests.captions import hertz_of, hour_of_captions
from tests.knowledge import SECRET, TEACHER, Client, Vectors, vector_server
from tests.servers import free_port, mongodb_server, redis_server, started

VIDEOS = 10
TURNS = 1000
CLIENTS = 1000
ROUNDS = 20
BUDGET = 1200  # of tokens, as the gateway asks for
FOLDER = Path(__file__).parents[1] / "local" / "sample"
HOURS, LECTURES, SAMPLE = "ten-hours", "ten-lectures", "sound-and-waves"
BURST = 2000
SETTLED = "What does a wave carry from one place to another?"
PARAPHRASED = "Does the sea itself wander towards the beach when ripples go by?"
KINDS = {
    "words settle it": (SETTLED, False),
    "its vector is at hand": (PARAPHRASED, False),
    "its vector is made": (PARAPHRASED + " {number}", False),
    "words settle it, and a position is given": (SETTLED, True),
}


@dataclass(frozen=True)
class Rig:
    """The instances, one of them without caches, and a look into the database."""

    cached: Sequence[Client]
    uncached: Client
    first: psutil.Process
    vectors: Vectors
    database: Any
    video_url: str

    async def reads(self) -> int:
        """Queries that MongoDB has answered since it started."""
        status = await self.database.client.admin.command("serverStatus")
        return int(status["opcounters"]["query"])

    async def passage_reads(self) -> int:
        """How often passages were read since profiling began."""
        found = {"ns": f"{self.database.name}.passages", "op": "query", "command.filter.courseId": HOURS}
        return int(await self.database["system.profile"].count_documents(found))


@asynccontextmanager
async def rig(folder: Path) -> AsyncIterator[Rig]:
    """Everything running, with a course of ten hours and one of ten short lectures, imported and embedded."""
    async with AsyncExitStack() as stack:
        uri = stack.enter_context(mongodb_server(_made(folder / "mongodb")))
        url = stack.enter_context(redis_server(_made(folder / "redis")))
        vectors = Vectors()
        inference = await stack.enter_async_context(vector_server(vectors))
        environment = {**os.environ, "MONGODB_URI": uri, "REDIS_URL": url, "LECTERN_INFERENCE_TARGET": inference}
        environment |= {"LECTERN_SERVICE_SECRET": SECRET, "LECTERN_LOG_LEVEL": "warning"}
        instances = [
            await stack.enter_async_context(_instance(folder, {**environment, **more}))
            for more in ({}, {}, {"DISABLE_CACHE": "true"})
        ]
        clients = [client for client, _ in instances]
        database = (await stack.enter_async_context(AsyncMongoClient[dict[str, Any]](uri)))["context"]
        for course, cues in ((HOURS, 1200), (LECTURES, 200)):
            await clients[0].create(course)
            for number in range(VIDEOS):
                await clients[0].bring(course, _url(number), hour_of_captions(cues))
        video_url = await _sample(clients[0])
        await _embedded(database)
        yield Rig(clients[:2], clients[2], psutil.Process(instances[0][1]), vectors, database, video_url)


async def _sample(client: Client) -> str:
    described = json.loads((FOLDER / "course.json").read_text())
    await client.create(SAMPLE)
    for video in described["videos"]:
        await client.bring(SAMPLE, video["videoUrl"], (FOLDER / video["file"]).read_text(), title=video["title"])
    return str(described["videos"][0]["videoUrl"])


async def _embedded(database: Any) -> None:
    while await database["passages"].count_documents({"model": ""}):  # noqa: ASYNC110 - other processes embed them
        await asyncio.sleep(0.2)


@asynccontextmanager
async def _instance(folder: Path, environment: dict[str, str]) -> AsyncIterator[tuple[Client, int]]:
    """An instance and the id of its process."""
    port = free_port()
    command = [sys.executable, "-m", "services.context"]
    environment = {**environment, "LECTERN_LISTEN": f"127.0.0.1:{port}"}
    with started(command, folder / f"{port}.log", environment) as process:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as probe:
            await probe.channel_ready()
        peer = Peer(f"127.0.0.1:{port}", service="gateway", secret=SECRET)
        courses, grounding = courses_pb2_grpc.CourseServiceStub, grounding_pb2_grpc.GroundingServiceStub
        try:
            yield Client(peer, peer.stub(courses), peer.stub(grounding), port), process.pid
        finally:
            await peer.close()


async def processor(rig: Rig) -> None:
    """What the service takes for a turn, by what its question needs; 16 are under way at once."""
    for what, (question, positioned) in KINDS.items():
        numbers = iter(range(2 * BURST))
        await _ask_sample(rig, question, islice(numbers, BURST // 4), positioned)
        before, made = _used(rig.first), rig.vectors.calls
        shares = [islice(numbers, BURST // 16) for _ in range(16)]
        await asyncio.gather(*(_ask_sample(rig, question, share, positioned) for share in shares))
        used, vectors = (_used(rig.first) - before) / BURST * 1000, (rig.vectors.calls - made) / BURST
        print(f"a turn where {what}: {used:.2f} ms of processor, {vectors:.2f} vectors made")


async def _ask_sample(rig: Rig, question: str, numbers: Iterable[int], positioned: bool) -> None:
    for number in numbers:
        text, position = question.format(number=number), number % 600 if positioned else None
        await rig.cached[0].context(SAMPLE, text, video_url=rig.video_url, position=position, budget=BUDGET)


def _used(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


async def latencies(rig: Rig) -> None:
    first, second = rig.cached
    await _ask(first, 0)
    _print("warm, one at a time", [await _timed(first, n) for n in range(TURNS)])
    _print("warm, 16 at a time", await _crowd(first, TURNS, 16))
    cold, shared = [], []
    for number in range(ROUNDS):
        await _clear(first)
        cold.append(await _timed(first, number))
        shared.append(await _timed(second, number))
    _print("cold process and Redis", cold)
    _print("cold process, warm Redis", shared)


async def turns(rig: Rig) -> None:
    counted = []
    for client in (rig.uncached, rig.cached[0]):
        before = await rig.reads()
        for number in range(TURNS):
            await _ask(client, number, LECTURES)
        counted.append(await rig.reads() - before)
    saved = 100 * (1 - counted[1] / counted[0])
    print(f"{TURNS} turns over {VIDEOS} videos: {counted[0]} queries uncached, {counted[1]} cached: {saved:.1f}% fewer")


async def stampede(rig: Rig) -> None:
    await _clear(rig.cached[0])
    await asyncio.sleep(1)  # until the other instance has heard
    await rig.database.command("profile", 2)
    before = await rig.passage_reads()
    begun = time.perf_counter()
    await asyncio.gather(*(_ask(rig.cached[n % 2], n) for n in range(CLIENTS)))
    seconds, builds = time.perf_counter() - begun, await rig.passage_reads() - before
    await rig.database.command("profile", 0)
    print(
        f"{CLIENTS} clients on a cold course over two instances: built {builds} time(s), all served in {seconds:.2f} s"
    )


async def news(rig: Rig) -> None:
    waits = []
    for _ in range(ROUNDS):
        await _ask(rig.cached[1], 1, LECTURES)
        imported = await rig.cached[0].bring(LECTURES, _url(0), hour_of_captions(200))
        begun = time.perf_counter()
        while (await _ask(rig.cached[1], 1, LECTURES)).context_version != imported.context_version:
            pass
        waits.append(time.perf_counter() - begun)
    _print("import on one instance, served by the other", waits)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _url(number: int) -> str:
    return f"https://videos.example.org/{number % VIDEOS}.mp4"


async def _ask(client: Client, number: int, course: str = HOURS) -> Any:
    question = f"Which of them sounds at {hertz_of(number % 200 + 1)} hertz?"
    return await client.context(course, question, video_url=_url(number), position=number % 600)


async def _clear(client: Client) -> None:
    await client.peer.call(
        client.courses.ClearCourseCache, courses_pb2.ClearCourseCacheRequest(name=f"courses/{HOURS}"), TEACHER
    )


async def _timed(client: Client, number: int) -> float:
    begun = time.perf_counter()
    await _ask(client, number)
    return time.perf_counter() - begun


async def _crowd(client: Client, calls: int, at_once: int) -> list[float]:
    numbers = iter(range(calls))

    async def one() -> list[float]:
        return [await _timed(client, number) for number in numbers]

    return [seconds for share in await asyncio.gather(*(one() for _ in range(at_once))) for seconds in share]


def _print(what: str, seconds: Sequence[float]) -> None:
    p50, p99 = np.percentile(seconds, [50, 99]) * 1000
    print(f"BuildContext {what}: p50 {p50:.1f} ms, p99 {p99:.1f} ms, n={len(seconds)}")


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with rig(Path(folder)) as running:
            for measurement in (processor, latencies, turns, stampede, news):
                await measurement(running)


if __name__ == "__main__":
    asyncio.run(main())
