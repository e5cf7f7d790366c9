"""Rooms full of sockets, in a process of its own: reads who joins and what is said, prints what everybody was sent.

`python -m bench.load.rooms`; `fill` runs one from a measurement.
"""

import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson
import uvloop

from bench.load.sockets import Socket

AT_ONCE = 20
PATIENCE_SECONDS = 60.0
POLL_SECONDS = 0.005


@dataclass(frozen=True)
class Room:
    """Each of `sockets` sends `join`; then the first of them sends what is `said`, all at once."""

    sockets: int
    auth: Mapping[str, str]
    join: Mapping[str, Any]
    said: Sequence[tuple[str, Mapping[str, Any]]]


@dataclass(frozen=True)
class Filling:
    """It is over when every socket was sent `ends` events with the name `ended`."""

    base_url: str
    rooms: Sequence[Room]
    ended: str
    ends: int


@dataclass(frozen=True)
class Fanned:
    """What all sockets were sent, from the first thing that was said to the last event."""

    events: int
    bytes: int
    seconds: float
    processor_ms: float
    missing: int = 0  # ends that did not come in time
    rooms: int = field(default=0)

    @property
    def per_second(self) -> float:
        return self.events / self.seconds if self.seconds else 0.0


async def fill(filling: Filling) -> Fanned:
    """What became of it, in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.load.rooms", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate(orjson.dumps(asdict(filling)))
    if process.returncode:
        raise RuntimeError("the rooms could not be filled")
    return Fanned(**orjson.loads(out))


async def _run(filling: Filling) -> Fanned:
    at = urlsplit(filling.base_url)
    rooms = [[Socket(filling.ended) for _ in range(room.sockets)] for room in filling.rooms]
    everybody = [socket for sockets in rooms for socket in sockets]
    for room, sockets in zip(filling.rooms, rooms, strict=True):
        for start in range(0, len(sockets), AT_ONCE):
            some = sockets[start : start + AT_ONCE]
            await asyncio.gather(*(each.connect(at.hostname or "", at.port or 80, dict(room.auth)) for each in some))
        for socket in sockets:
            socket.emit("join", dict(room.join), acknowledge=1)
    await _until(lambda: all(socket.acknowledged for socket in everybody))
    began, processor = time.monotonic(), time.process_time()
    for room, sockets in zip(filling.rooms, rooms, strict=True):
        for number, (name, body) in enumerate(room.said):
            sockets[0].emit(name, dict(body), acknowledge=number + 2)
    await _until(lambda: all(socket.ends >= filling.ends for socket in everybody))
    taken = (time.process_time() - processor) * 1000
    fanned = Fanned(
        events=sum(socket.events for socket in everybody),
        bytes=sum(socket.bytes for socket in everybody),
        seconds=max(socket.last for socket in everybody) - began,
        processor_ms=taken,
        missing=sum(max(0, filling.ends - socket.ends) for socket in everybody),
        rooms=len(rooms),
    )
    for socket in everybody:
        socket.close()
    return fanned


async def _until(done: Any) -> None:
    """Looks often enough: an event for each frame would cost more than the frames."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not done() and time.monotonic() < deadline:  # noqa: ASYNC110 - see above
        await asyncio.sleep(POLL_SECONDS)


def main() -> None:
    told = orjson.loads(sys.stdin.buffer.read())
    rooms = [Room(**room) for room in told.pop("rooms")]
    print(orjson.dumps(asdict(uvloop.run(_run(Filling(rooms=rooms, **told))))).decode())


if __name__ == "__main__":
    main()
