"""How events reach sockets: over a real server, to the library's own client and to a bare connection."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
import socketio
import wsproto
from wsproto.events import AcceptConnection, Request, TextMessage

from services.gateway.http.server import serve_http
from services.gateway.http.websockets import text_frame
from services.gateway.realtime.member import MOST_WAITING, Member
from services.gateway.socketio.engine import SendQueue, SocketServer
from services.gateway.socketio.packets import EventPacket

pytestmark = pytest.mark.timeout(60)
TRANSPORTS = {"websocket": ["websocket"], "polling": ["polling"], "upgraded": ["polling", "websocket"]}


@dataclass
class Served:
    """A server and the queues of its sockets, in the order in which they connected."""

    url: str
    server: SocketServer
    queues: list[SendQueue] = field(default_factory=list)
    sids: list[str] = field(default_factory=list)

    grown: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def connected(self, count: int) -> None:
        async with self.grown:
            await self.grown.wait_for(lambda: len(self.queues) >= count)

    def member(self, number: int) -> Member:
        queue = self.queues[number]

        async def cut() -> None:
            queue.abort()

        return Member(queue.put_nowait, queue.qsize, cut)


@asynccontextmanager
async def served() -> AsyncIterator[Served]:
    server = SocketServer(async_mode="asgi", http_compression=False)
    async with AsyncExitStack() as stack:
        port = await serve_http(socketio.ASGIApp(server), "127.0.0.1:0", stack)
        made = Served(f"http://127.0.0.1:{port}", server)

        async def connect(sid: str, environ: Any, auth: Any = None) -> None:
            async with made.grown:
                made.queues.append(server.eio.sockets[server.manager.eio_sid_from_sid(sid, "/")].queue)
                made.sids.append(sid)
                made.grown.notify_all()

        async def disconnect(sid: str, reason: Any = None) -> None:
            made.queues[made.sids.index(sid)].put_nowait(None)  # a poll that waits ends

        server.on("connect", connect)
        server.on("disconnect", disconnect)
        yield made


@dataclass
class Tab:
    client: socketio.AsyncClient
    seen: list[int] = field(default_factory=list)
    grown: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def until(self, count: int) -> list[int]:
        async with self.grown:
            await self.grown.wait_for(lambda: len(self.seen) >= count)
        return self.seen


@asynccontextmanager
async def tab(made: Served, transports: list[str]) -> AsyncIterator[Tab]:
    client = socketio.AsyncClient(reconnection=False)
    each = Tab(client)

    async def delta(body: dict[str, Any]) -> None:
        async with each.grown:
            each.seen.append(body["n"])
            each.grown.notify_all()

    client.on("delta", delta)
    await client.connect(made.url, transports=transports)
    try:
        yield each
    finally:
        await client.disconnect()


def delta(number: int, text: str = "") -> EventPacket:
    return EventPacket("delta", {"n": number, "text": text})


@pytest.mark.parametrize("size", [0, 1, 90, 125, 126, 200, 65_000, 65_536, 200_000])
def test_a_frame_is_what_a_client_of_websockets_reads(size: int) -> None:
    client, server = (
        wsproto.WSConnection(wsproto.ConnectionType.CLIENT),
        wsproto.WSConnection(wsproto.ConnectionType.SERVER),
    )
    server.receive_data(client.send(Request(host="x", target="/")))
    assert [type(event) for event in server.events()] == [Request]
    client.receive_data(server.send(AcceptConnection()))
    text = "é" * (size // 2) + "x" * (size % 2)
    client.receive_data(text_frame(text) + text_frame("next"))
    _, *said = client.events()
    whole, texts = "", []
    for event in said:
        assert isinstance(event, TextMessage)
        whole += event.data
        if event.message_finished:
            texts.append(whole)
            whole = ""
    assert texts == [text, "next"]


def test_an_event_is_encoded_as_the_library_would() -> None:
    theirs = socketio.packet.Packet(socketio.packet.EVENT, namespace="/", data=["delta", {"n": 1, "text": "é"}])
    ours = delta(1, "é").encode()
    assert (ours[:2], json.loads(ours[2:])) == ("42", json.loads(theirs.encode()[1:]))


@pytest.mark.parametrize("kind", TRANSPORTS)
async def test_events_and_what_the_library_sends_keep_their_order(kind: str) -> None:
    async with served() as made, tab(made, TRANSPORTS[kind]) as each:
        for number in range(300):
            if number % 3 == 0:
                await made.server.emit("delta", {"n": number}, to=made.sids[0])
            else:
                made.queues[0].put_nowait(delta(number))
            if number % 10 == 0:  # the library's client that polls takes 16 packets at a time
                await each.until(number + 1)
        assert await each.until(300) == list(range(300))


async def test_nothing_is_lost_doubled_or_overtaken_while_a_client_changes_to_a_websocket() -> None:
    async with served() as made:
        stop, sent = asyncio.Event(), 0

        async def talk() -> None:
            nonlocal sent
            while not stop.is_set():
                if made.queues:
                    made.queues[0].put_nowait(delta(sent))
                    sent += 1
                await asyncio.sleep(0)

        talking = asyncio.create_task(talk())
        async with tab(made, TRANSPORTS["upgraded"]) as each:
            assert each.client.transport() == "websocket"
            await each.until(sent + 20)
            stop.set()
            await talking
            assert await each.until(sent) == list(range(sent))


async def test_a_websocket_that_has_not_taken_over_yet_is_not_written_to() -> None:
    async with served() as made, aiohttp.ClientSession() as session:
        path = f"{made.url}/socket.io/?EIO=4"
        async with session.get(f"{path}&transport=polling") as opened:
            path += f"&sid={json.loads((await opened.text())[1:])['sid']}"
        async with session.post(f"{path}&transport=polling", data="40"):
            await made.connected(1)
        async with session.get(f"{path}&transport=polling") as begun:
            assert (await begun.text()).startswith("40")
        poll = asyncio.create_task(session.get(f"{path}&transport=polling"))
        await asyncio.sleep(0)
        async with session.ws_connect(f"{path}&transport=websocket") as websocket:
            made.queues[0].put_nowait(delta(1))
            async with await poll as polled:
                assert await polled.text() == delta(1).encode()
            await websocket.send_str("2probe")
            assert await websocket.receive_str() == "3probe"
            await websocket.send_str("5")
            made.queues[0].put_nowait(delta(2))
            assert await websocket.receive_str() == "6"  # it would have ended a poll
            assert await websocket.receive_str() == delta(2).encode()


async def test_a_room_of_pollers_and_websockets_is_told_the_same() -> None:
    async with served() as made, AsyncExitStack() as stack:
        tabs = [await stack.enter_async_context(tab(made, each)) for each in TRANSPORTS.values()]
        members = [made.member(number) for number in range(len(tabs))]
        for number in range(1, 101):
            packet = delta(number)
            for member in members:
                assert member.show("turn", number, packet)
                assert not member.show("turn", number, packet)
            if number % 10 == 0:
                for each in tabs:
                    assert await each.until(number) == list(range(1, number + 1))


async def test_an_event_that_need_not_wait_is_written_at_once() -> None:
    async with served() as made, tab(made, ["websocket"]) as each:
        made.queues[0].put_nowait(delta(0))
        await each.until(1)
        for number in range(1, 50):
            made.queues[0].put_nowait(delta(number))
            assert made.queues[0].empty()
        assert await each.until(50) == list(range(50))


async def test_a_reader_that_is_too_slow_is_cut_and_holds_nobody_up() -> None:
    async with served() as made, tab(made, ["websocket"]) as quick:
        reader, writer = await asyncio.open_connection(*made.url.removeprefix("http://").split(":"), limit=1024)
        writer.write(
            b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\n"
            b"connection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
        )
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"\x81\x82\0\0\0\x0040")
        await made.connected(2)
        members, number = [made.member(0), made.member(1)], 0
        while made.queues[1].qsize() < MOST_WAITING:
            packet = delta(number, "x" * 100_000 if made.queues[1].empty() else "")  # large while it is taken
            for member in members:
                member.tell(packet)
            number += 1
            if made.queues[1].empty() or not number % 64:
                await quick.until(number)
        members[1].tell(delta(number))
        members[0].tell(delta(number))
        assert await quick.until(number + 1) == list(range(number + 1))
        with contextlib.suppress(ConnectionError):  # the end of the connection, one way or the other
            while await reader.read(65536):
                pass
