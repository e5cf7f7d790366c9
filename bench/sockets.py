"""Sockets held by one instance, what each takes of memory, and how fast an answer fans out to a room.

Run by `python -m bench sockets`. The same clients then join a room of Node's socket.io with its Redis adapter, and are
sent as many messages of the same size there.
"""

import argparse
import asyncio
import json
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from bench.load.processor import machine
from bench.load.rig import Rig, Script, rig
from bench.peers.node_sockets import node_sockets

AT_ONCE = 50
WORDS = 400
TEXT = "x" * 100


@dataclass
class Crowd:
    """WebSockets of the protocol of Socket.IO, without the weight of its clients."""

    session: aiohttp.ClientSession
    sockets: list[aiohttp.ClientWebSocketResponse] = field(default_factory=list)
    readers: list[asyncio.Task[None]] = field(default_factory=list)
    deltas: int = 0
    ended: int = 0
    grown: asyncio.Event = field(default_factory=asyncio.Event)

    async def connect(self, base: str, auth: dict[str, str], count: int) -> None:
        """So many more sockets, some at once."""
        turnstile = asyncio.Semaphore(AT_ONCE)

        async def one() -> None:
            async with turnstile:
                socket = await self.session.ws_connect(f"{base}/socket.io/?EIO=4&transport=websocket", max_msg_size=0)
                await socket.receive()
                await socket.send_str(f"40{json.dumps(auth)}")
                await socket.receive()
                self.sockets.append(socket)
                self.readers.append(asyncio.create_task(self._read(socket)))

        await asyncio.gather(*(one() for _ in range(count)))

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            text = str(message.data)
            if text == "2":
                await socket.send_str("3")
            elif text.startswith('42["delta"'):
                self.deltas += 1
            elif text.startswith(('42["completed"', "43")):
                self.ended += text.startswith("42")
            self.grown.set()

    async def until(self, deltas: int = 0, ended: int = 0) -> None:
        while self.deltas < deltas or self.ended < ended:
            self.grown.clear()
            await self.grown.wait()

    async def send(self, name: str, body: dict[str, Any], sockets: int) -> None:
        """To be acknowledged, by each of the first sockets."""
        for number, socket in enumerate(self.sockets[:sockets]):
            await socket.send_str(f"42{number % 1000}{json.dumps([name, body])}")

    async def close(self) -> None:
        await asyncio.gather(*(socket.close() for socket in self.sockets), return_exceptions=True)
        await asyncio.gather(*self.readers, return_exceptions=True)


async def measure(arguments: argparse.Namespace) -> None:
    async with rig(Script(), {}, {"LECTERN_USER_CALLS_PER_MINUTE": "0"}) as running:
        print(f"({machine()})")
        async with crowd() as held:
            await _held(running, held, arguments.sockets)
        async with crowd() as room:
            await _fan_out(running, room, arguments.room)
    async with crowd() as room:
        await _node(room, arguments.room)


@asynccontextmanager
async def crowd() -> AsyncIterator[Crowd]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        made = Crowd(session)
        try:
            yield made
        finally:
            await made.close()


async def _held(running: Rig, held: Crowd, count: int) -> None:
    gateway = next(each for each in running.stack.plan.instances if each.service == "gateway")
    process = psutil.Process(running.stack.pid(gateway.name))
    before, began = process.memory_info().rss, time.perf_counter()
    await held.connect(f"http://{gateway.http_address}", {"token": running.stack.token("crowd")}, count)
    seconds, grown = time.perf_counter() - began, process.memory_info().rss - before
    print(f"  {count} sockets held by one instance, connected in {seconds:.1f} s: {grown / count / 1024:.1f} KiB each")


async def _fan_out(running: Rig, room: Crowd, count: int) -> None:
    """A question whose answer comes word by word, to everybody who looks at the thread."""
    gateway = next(each for each in running.stack.plan.instances if each.service == "gateway")
    token = running.stack.token("room")
    asked = {"course": running.course, "message": "What is a wave?"}
    headers = {"authorization": f"Bearer {token}"}
    async with room.session.post(f"{running.stack.base_url}/v1/chat", json=asked, headers=headers) as response:
        thread = (await response.json())["thread"]
    await room.connect(f"http://{gateway.http_address}", {"token": token}, count)
    await room.send("join", {"thread": thread}, count)
    await running.provider.script(text=" ".join([TEXT] * WORDS), words_per_second=100)
    began = time.perf_counter()
    await room.send("ask", {**asked, "message": "And what else?"}, 1)
    await room.until(ended=count)
    seconds = time.perf_counter() - began
    sent, size = room.deltas, WORDS * len(TEXT) * count // max(1, room.deltas)
    print(f"  a room of {count}: {sent} deltas of {size} bytes in {seconds:.1f} s, {sent / seconds:.0f} a second")


async def _node(room: Crowd, count: int) -> None:
    if shutil.which("node") is None:
        print("  Node.js is not on this machine")
        return
    with tempfile.TemporaryDirectory() as folder:
        async with node_sockets(Path(folder)) as base_url:
            await room.connect(base_url, {}, count)
            await room.send("join", {}, count)
            began = time.perf_counter()
            for _ in range(WORDS):
                await room.sockets[0].send_str(f"42{json.dumps(['say', {'text': TEXT}])}")
            await room.until(deltas=WORDS * count)
            seconds = time.perf_counter() - began
    print(f"  Node's socket.io, a room of {count}: {room.deltas / seconds:.0f} messages of 100 bytes a second")


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench sockets", description=__doc__)
    parser.add_argument("--sockets", type=int, default=2000, help="how many are held")
    parser.add_argument("--room", type=int, default=100, help="how many look at one thread")
    asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
