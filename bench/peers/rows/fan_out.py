"""Events of Socket.IO that rooms are sent a second, with nothing that paces them, beside Node's."""

from contextlib import AsyncExitStack

import aiohttp

from bench.load import users
from bench.load.rooms import Fanned, Filling, Room, fill
from bench.peers.node_sockets import node_sockets
from bench.peers.site import OURS, Measure, Site, interleaved
from bench.peers.table import Goal, Row

ROOMS = 4
SOCKETS = 125
TURNS = 8
NODE = "Node's socket.io"


async def measure(site: Site) -> list[Row]:
    """Node's rooms are sent as many events of the same size as ours were in the round before."""
    await site.script()
    last: list[Fanned] = []
    async with AsyncExitStack() as exits:
        beside = await exits.enter_async_context(node_sockets(site.folder))
        measures = {OURS: _ours(site, last), NODE: _node(site, beside, last)}
        found = await interleaved(site.pace.rounds, measures)
    note = f"{ROOMS} rooms of {SOCKETS}, {last[-1].bytes // max(1, last[-1].events)} bytes an event"
    return [Row("Socket.IO fan-out, unpaced, events", "/s", found, [Goal(0.25, 0.5, NODE)], note)]


def _ours(site: Site, last: list[Fanned]) -> Measure:
    async def measure() -> float:
        threads = [await _thread(site, f"room-{number}") for number in range(ROOMS)]
        gateway = next(each for each in site.rig.stack.plan.instances if each.service == "gateway")
        rooms = [_room(site, number, thread) for number, thread in enumerate(threads)]
        fanned = await fill(Filling(f"http://{gateway.http_address}", rooms, "completed", TURNS))
        last.append(fanned)
        return _kept(site, OURS, fanned)

    return measure


def _room(site: Site, number: int, thread: str) -> Room:
    """A user's thread that many devices look at; the questions stand in its queue."""
    asked = {"course": site.rig.course, "videoUrl": site.rig.video_url}
    said = [("ask", {**asked, "message": f"What is a wave? ({turn})"}) for turn in range(TURNS)]
    return Room(SOCKETS, {"token": site.rig.stack.token(f"room-{number}")}, {"thread": thread}, said)


async def _thread(site: Site, user: str) -> str:
    body = {"course": site.rig.course, "videoUrl": site.rig.video_url, "message": "What is a wave?"}
    headers = users.headers(site.rig.stack.token(user))
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{site.rig.stack.base_url}/v1/chat", json=body, headers=headers) as response,
    ):
        name: str = (await response.json())["thread"]
        return name


def _node(site: Site, base_url: str, last: list[Fanned]) -> Measure:
    async def measure() -> float:
        ours, sockets = last[-1], ROOMS * SOCKETS
        messages = max(1, ours.events // sockets)
        text = "x" * max(1, ours.bytes // max(1, ours.events) - len('42["delta",{"text":""}]'))
        room = Room(sockets, {}, {}, [("say", {"text": text})] * messages)
        return _kept(site, NODE, await fill(Filling(base_url, [room], "delta", messages)))

    return measure


def _kept(site: Site, system: str, fanned: Fanned) -> float:
    figures = {name: getattr(fanned, name) for name in ("events", "bytes", "seconds", "processor_ms", "missing")}
    site.raw.append({"row": "fan-out", "system": system, "per_second": fanned.per_second, **figures})
    return fanned.per_second
