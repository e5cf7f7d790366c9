"""What threads cost: lists of 10,000 threads, search in 100,000 messages, turns per second, and Redis gone for a while.

Run by `python -m bench.threads`; starts its own MongoDB and Redis, and one instance of the service.
"""

import argparse
import asyncio
import random
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvloop
from lectern.chat.v1 import chat_pb2
from lectern.threads.v1 import threads_pb2, threads_pb2_grpc, turns_pb2, turns_pb2_grpc
from pymongo import AsyncMongoClient

from kit.auth.caller import Caller
from kit.channel import Peer
from kit.mongo import Client
from kit.process import running
from services.threads.app import build
from services.threads.settings import ThreadsSettings
from tests.servers import free_port, mongodb_server, redis_server

ANN = Caller("default", "ann")
THREADS = 10_000
TURNS = 50_000
BATCH = 5_000
COMMON = ["wave", "energy", "sound", "string", "frequency", "pitch", "air", "node", "phase", "medium"]


@dataclass
class Figures:
    """Durations of one kind of call, in seconds."""

    name: str
    seconds: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        ranked = sorted(self.seconds)
        p50, p99 = (ranked[min(len(ranked) - 1, int(len(ranked) * part))] * 1000 for part in (0.5, 0.99))
        return f"{self.name:<58} n={len(ranked):<5} p50 {p50:8.2f} ms   p99 {p99:8.2f} ms"


class Bench:
    """One instance, its database, and calls to it."""

    def __init__(self, peer: Peer, client: Client, settings: ThreadsSettings) -> None:
        self.database = client[settings.threads_database]
        self._peer = peer
        self._threads = peer.stub(threads_pb2_grpc.ThreadServiceStub)
        self._turns = peer.stub(turns_pb2_grpc.TurnServiceStub)

    async def list(self, **fields: Any) -> threads_pb2.ListThreadsResponse:
        return await self._peer.call(self._threads.ListThreads, threads_pb2.ListThreadsRequest(**fields), ANN)

    async def search(self, query: str) -> None:
        request = threads_pb2.SearchThreadsRequest(query=query)
        await self._peer.call(self._threads.SearchThreads, request, ANN, timeout=30)

    async def rename(self, name: str) -> None:
        thread = threads_pb2.Thread(name=name, title=f"Title {random.random()}")
        await self._peer.call(self._threads.UpdateThread, threads_pb2.UpdateThreadRequest(thread=thread), ANN)

    async def renew(self) -> None:
        await self._peer.call(self._turns.RenewOwner, turns_pb2.RenewOwnerRequest(owner="bench"), ANN)

    async def turn(self, caller: Caller) -> None:
        """A question and its answer."""
        question = turns_pb2.BeginTurnRequest(
            course="courses/waves", message="What is a wave?", owner="bench", history_token_budget=2000
        )
        begun = await self._peer.call(self._turns.BeginTurn, question, caller)
        turn = chat_pb2.Turn()
        turn.CopyFrom(begun.turn)
        turn.state, turn.answer = chat_pb2.Turn.COMPLETED, "A wave carries energy through a medium. " * 20
        await self._peer.call(
            self._turns.CompleteTurn, turns_pb2.CompleteTurnRequest(turn=turn, lease=begun.lease), caller
        )


async def timed(name: str, calls: int, call: Callable[[], Awaitable[object]]) -> Figures:
    figures = Figures(name)
    for _ in range(calls):
        started = time.perf_counter()
        await call()
        figures.seconds.append(time.perf_counter() - started)
    return figures


async def fill(bench: Bench) -> None:
    """10,000 threads of one user, and 100,000 messages of theirs in them."""
    print(f"filling: {THREADS:,} threads, {2 * TURNS:,} messages of one user", flush=True)
    threads = [_thread(number) for number in range(THREADS)]
    await bench.database["threads"].insert_many(threads)
    for start in range(0, TURNS, BATCH):
        rows = [_turn(number, threads[number % THREADS]["_id"]) for number in range(start, start + BATCH)]
        await bench.database["turns"].insert_many(rows, ordered=False)


def _thread(number: int) -> dict[str, Any]:
    asked = datetime.now(UTC) - timedelta(minutes=number)
    return {
        "_id": uuid.uuid4().hex[:24],
        "tenant": ANN.tenant,
        "user": ANN.user,
        "course": f"course-{number}",
        "title": f"Question {number}",
        "video_url": "",
        "metadata": [{"k": "week", "v": str(number % 50)}],
        "pending": [],
        "next_sequence": 1 + TURNS // THREADS,
        "turn_count": TURNS // THREADS,
        "created": asked,
        "updated": asked,
    }


def _turn(number: int, thread: str) -> dict[str, Any]:
    """A row whose words are common, but for one in a hundred rows and one in all."""
    words = random.choices(COMMON, k=40) + [f"word{random.randrange(20_000)}" for _ in range(40)]
    words += ["resonance"] * (number % 100 == 0) + ["hapax"] * (number == 77)
    now = datetime.now(UTC)
    return {
        "_id": uuid.uuid4().hex,
        "thread": thread,
        "tenant": ANN.tenant,
        "user": ANN.user,
        "course": f"course-{number % THREADS}",
        "sequence": 1 + number // THREADS,
        "request_id": str(number),
        "question": " ".join(words[:12]),
        "answer": " ".join(words[12:]),
        "video_url": "",
        "state": "COMPLETED",
        "created": now,
        "ended": now,
        "fencing_token": 1,
        "citations": [],
        **dict.fromkeys(("prompt_tokens", "completion_tokens"), 0),
        **dict.fromkeys(("provider", "model", "policy", "failure_reason"), ""),
        **dict.fromkeys(("degraded", "cached"), False),
    }


async def lists(bench: Bench) -> AsyncIterator[Figures]:
    first = await bench.list()
    deep = first
    for _ in range(50):
        deep = await bench.list(page_size=200, page_token=deep.next_page_token, order_by="update_time desc")
        if not deep.next_page_token:
            break

    async def cold() -> None:
        # Another label each time is another page, so none is in the cache.
        await bench.list(metadata=[f"week={random.randrange(50)}"], page_size=random.randrange(20, 200))

    names = iter([thread.name for thread in first.threads] * 20)
    yield await timed("list of 10,000 threads, 50 a page, cached", 500, bench.list)
    fresh = Figures("the same after each write (page from MongoDB)")
    for _ in range(300):
        await bench.rename(next(names))
        fresh.seconds += (await timed("", 1, bench.list)).seconds
    yield fresh
    yield await timed("list by label, mostly not cached", 300, cold)


async def searches(bench: Bench) -> AsyncIterator[Figures]:
    kinds = [
        ("a word in 1 of 100,000 messages", "hapax", 200),
        ("a word in about 200", "word77", 200),
        ("a word in 500", "resonance", 100),
        ("a word in nearly all", "wave", 10),
    ]
    for name, query, calls in kinds:
        yield await timed(f"search over 100,000 messages: {name}", calls, lambda query=query: bench.search(query))  # type: ignore[misc]


async def load(bench: Bench, name: str, seconds: float, clients: int) -> Figures:
    """Turns by several users at once, each asking the next when the last was answered."""
    figures, ends = Figures(name), time.perf_counter() + seconds

    async def user(number: int) -> None:
        caller = Caller("default", f"user-{number}")
        while time.perf_counter() < ends:
            figures.seconds += (await timed("", 1, lambda: bench.turn(caller))).seconds

    async def beat() -> None:
        while True:
            await bench.renew()
            await asyncio.sleep(1)

    await bench.renew()
    beating = asyncio.create_task(beat())
    await asyncio.gather(*(user(number) for number in range(clients)))
    beating.cancel()
    figures.name += f" ({len(figures.seconds) / seconds:.0f} turns/s, {clients} users at once)"
    return figures


@asynccontextmanager
async def instance(mongodb: str, redis_url: str) -> AsyncIterator[Bench]:
    settings = ThreadsSettings(local=True, mongodb_uri=mongodb, redis_url=redis_url, log_level="error")
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(running("threads", settings, build))
        peer = Peer(f"127.0.0.1:{server.port}", service="bench", secret=settings.internal_secret)
        stack.push_async_callback(peer.close)
        client: Client = AsyncMongoClient(mongodb, tz_aware=True)
        stack.push_async_callback(client.close)
        yield Bench(peer, client, settings)


async def measure(redis: "Redis", mongodb: str, seconds: float) -> None:
    async with instance(mongodb, redis.url) as bench:
        print(await load(bench, "begin and complete a turn", seconds, 20), flush=True)
        redis.stop()
        print(await load(bench, "the same while Redis is away", seconds, 20), flush=True)
        redis.start()
        print(await load(bench, "the same once Redis is back", seconds, 20), flush=True)
        await fill(bench)
        async for figures in lists(bench):
            print(figures, flush=True)
        async for figures in searches(bench):
            print(figures, flush=True)


class Redis:
    """A Redis that can go and come back on its port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._running = ExitStack()
        self.url = ""
        self.start()

    def start(self) -> None:
        self.url = self._running.enter_context(redis_server(self._folder, self._port))

    def stop(self) -> None:
        self._running.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30, help="how long each load lasts, and Redis is away")
    arguments = parser.parse_args()
    for mongodb, redis in _servers():
        uvloop.run(measure(redis, mongodb, arguments.seconds))
        redis.stop()


def _servers() -> Iterator[tuple[str, Redis]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        with mongodb_server(path) as mongodb:
            yield mongodb, Redis(path)


if __name__ == "__main__":
    main()
