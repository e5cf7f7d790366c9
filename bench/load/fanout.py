"""A room on two instances, told as much as it takes: ours, and Node's socket.io with its Redis adapter."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import psutil

from bench.load.rig import Rig
from kit import redis
from kit.auth.caller import Caller
from kit.channel import Peer
from kit.settings import LOCAL_SECRET, CommonSettings
from kit.turnlog.redis_log import RedisTurnLog
from kit.turnlog.wakes import Wakes
from local.ports import HOST
from services.gateway.adapters.journal import LoggedJournal
from services.gateway.adapters.threads import GrpcThreads
from services.gateway.model import Begun, Delta, Event, Failed, Question, Started, State
from tests.javascript import FOLDER, install
from tests.servers import free_port, redis_server

TEXT = "x" * 100
# How many events one append takes to the log, as of a model that speaks quickly.
AT_ONCE = 10
JOIN_SECONDS = 60
ROUND_SECONDS = 120
INSTANCES = 2

Say = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Round:
    """So many deliveries in so long; `processor` are the seconds that the servers' processes took for them."""

    deliveries: int
    seconds: float
    processor: float

    @property
    def rate(self) -> float:
        return self.deliveries / self.seconds

    def __str__(self) -> str:
        each = self.processor / self.deliveries * 1e6
        return f"{self.rate:,.0f} deliveries a second, {each:.1f} us of the servers' processor each"


class Room:
    """Listeners on each instance, and something that says all there is to be said."""

    def __init__(self, say: Say, listeners: Sequence[asyncio.subprocess.Process], servers: Sequence[int]) -> None:
        """`servers` are the processes that serve the room."""
        self._say = say
        self._listeners = listeners
        self._servers = [psutil.Process(each) for each in servers]

    async def round(self) -> Round:
        """Everything once to everybody; raises TimeoutError where it does not arrive."""
        before, began = self._used(), time.time()
        async with asyncio.timeout(ROUND_SECONDS):
            _, *told = await asyncio.gather(self._say(), *(_line(each) for each in self._listeners))
        heard = [json.loads(line) for line in told if line]
        if any(each["lost"] for each in heard):
            raise ConnectionError("listeners were cut off")
        deliveries = sum(each["deltas"] for each in heard)
        return Round(deliveries, max(each["at"] for each in heard) - began, self._used() - before)

    def _used(self) -> float:
        times = [process.cpu_times() for process in self._servers]
        return sum(each.user + each.system for each in times)


@asynccontextmanager
async def our_room(running: Rig, members: int, events: int) -> AsyncIterator[Room]:
    """Our gateways, over a turn whose events are appended to its log as by another gateway that answers it."""
    gateways = [each for each in running.stack.plan.instances if each.service == "gateway"]
    token = running.stack.token("fanout")
    headers, asked = {"authorization": f"Bearer {token}"}, {"course": running.course, "message": "What is a wave?"}
    async with AsyncExitStack() as stack:
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{running.stack.base_url}/v1/chat", json=asked, headers=headers) as response,
        ):
            thread = (await response.json())["thread"]
        source = _Source(running, thread, events, stack)
        places = [each.http_address.rpartition(":") for each in gateways[:INSTANCES]]
        told = {"auth": {"token": token}, "join": {"thread": thread}, "expected": events}
        listeners = await _listeners([(host, int(port)) for host, _, port in places], told, members, stack)
        yield Room(source.say, listeners, [running.stack.pid(each.name) for each in gateways[:INSTANCES]])


class _Source:
    """Begins a turn as a gateway does, and appends what a model would say to its log."""

    def __init__(self, running: Rig, thread: str, events: int, stack: AsyncExitStack) -> None:
        settings = CommonSettings(local=True)
        cache = redis.connect(running.stack.plan.environment["REDIS_CACHE_URL"], settings)
        wakes = Wakes(cache)
        stack.push_async_callback(cache.aclose)
        stack.push_async_callback(wakes.close)
        peer = Peer(running.target("threads"), service="gateway", secret=f"{LOCAL_SECRET}-services")
        stack.push_async_callback(peer.close)
        self._threads, self._journal = GrpcThreads(peer, 0), LoggedJournal(RedisTurnLog(cache, wakes))
        self._caller, self._course = Caller("default", "fanout"), running.course
        self._thread, self._events = thread, events

    async def say(self) -> None:
        owner = f"fanout-{uuid.uuid4().hex}"
        await self._threads.renew(owner)
        question = Question(self._course, "", "And what else?", uuid.uuid4().hex)
        begun = await self._threads.begin(self._caller, question, owner)
        alive = asyncio.create_task(self._live(owner))
        try:
            await self._append(begun, [Event(1, Started(begun.turn.name, self._thread, video_changed=False))])
            deltas = [Event(number + 2, Delta(TEXT)) for number in range(self._events)]
            for at in range(0, len(deltas), AT_ONCE):
                await self._append(begun, deltas[at : at + AT_ONCE])
            await self._append(begun, [Event(len(deltas) + 2, Failed("TURN_CANCELLED", "said", ""))])
            ended = begun.turn.ended_as(State.CANCELLED, "", "TURN_CANCELLED")
            await self._threads.complete(self._caller, ended, begun.lease)
        finally:
            alive.cancel()

    async def _append(self, begun: Begun, events: list[Event]) -> None:
        await self._journal.append(begun.turn.name, begun.lease.token, events)

    async def _live(self, owner: str) -> None:
        while True:
            await asyncio.sleep(1)
            await self._threads.renew(owner)


def node_is_here() -> bool:
    return shutil.which("node") is not None


@asynccontextmanager
async def node_room(members: int, events: int) -> AsyncIterator[Room]:
    """Node's instances; a client of the first says everything, as its rooms are told."""
    await asyncio.to_thread(install)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(redis_server(folder))
        nodes = [await _node(url, stack) for _ in range(INSTANCES)]
        session = await stack.enter_async_context(aiohttp.ClientSession())
        path = f"http://{HOST}:{nodes[0][0]}/socket.io/?EIO=4&transport=websocket"
        speaker = await stack.enter_async_context(session.ws_connect(path, max_msg_size=0))
        await speaker.receive()
        await speaker.send_str("40")
        await speaker.receive()

        async def say() -> None:
            for _ in range(events):
                await speaker.send_str(f"42{json.dumps(['say', {'text': TEXT}])}")

        told = {"auth": {}, "join": {}, "expected": events}
        listeners = await _listeners([(HOST, port) for port, _ in nodes], told, members, stack)
        yield Room(say, listeners, [pid for _, pid in nodes])


async def _node(url: str, stack: AsyncExitStack) -> tuple[int, int]:
    """The port and the process of one more instance."""
    port = free_port()
    command = ("node", str(FOLDER / "fanout_server.js"), orjson.dumps({"redis": url, "port": port}).decode())
    process = await _started(command, stack)
    await _line(process)
    return port, process.pid


async def _listeners(
    places: Sequence[tuple[str, int]], told: dict[str, Any], members: int, stack: AsyncExitStack
) -> list[asyncio.subprocess.Process]:
    """A process of listeners for each place, all of them in the room."""
    made = []
    for host, port in places:
        said = json.dumps({**told, "host": host, "port": port, "count": members // len(places)})
        made.append(await _started((sys.executable, "-m", "bench.load.listeners", said), stack))
    async with asyncio.timeout(JOIN_SECONDS):
        for each in made:
            if await _line(each) != b"ready":
                raise ConnectionError("listeners did not come into the room")
    return made


async def _started(command: Sequence[str], stack: AsyncExitStack) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)

    async def end() -> None:
        if process.returncode is None:
            process.terminate()
        await process.wait()

    stack.push_async_callback(end)
    return process


async def _line(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None
    return (await process.stdout.readline()).strip()
