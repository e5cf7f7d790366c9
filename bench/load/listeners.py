"""Many listeners of Socket.IO in a process of their own, which only counts: `python -m bench.load.listeners JSON`.

Says `ready` once all are in the room, and a line of JSON for each round in which every one of them has heard
`expected` deltas. Nothing is decoded but the frames, so that what is measured is the server.
"""

import asyncio
import base64
import json
import os
import sys
import time
from typing import Any, cast

import uvloop

AT_ONCE = 50
DELTA = b'42["delta"'
PING, PONG = b"2", "3"


class Listener(asyncio.Protocol):
    """A WebSocket: connects, introduces itself, joins, counts."""

    def __init__(self, told: dict[str, Any], heard: "Tally") -> None:
        self.joined = asyncio.get_running_loop().create_future()
        self._told = told
        self._heard = heard
        self._data = b""
        self._open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        lines = (
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1",
            f"host: {self._told['host']}",
            "connection: Upgrade",
            "upgrade: websocket",
            "sec-websocket-version: 13",
            f"sec-websocket-key: {base64.b64encode(os.urandom(16)).decode()}",
        )
        self._transport.write("\r\n".join((*lines, "\r\n")).encode())

    def connection_lost(self, error: Exception | None) -> None:
        if not self.joined.done():
            self.joined.set_exception(ConnectionError("the server closed the connection"))
        self._heard.lost += 1

    def data_received(self, data: bytes) -> None:
        self._data += data
        if not self._open:
            head, end, self._data = self._data.partition(b"\r\n\r\n")
            self._open = bool(end)
            if not end:
                self._data = head
                return
        self._data = self._data[self._frames(self._data) :]

    def _frames(self, data: bytes) -> int:
        """Takes the whole frames; answers with where the rest begins."""
        at, deltas, size = 0, 0, len(data)
        while size - at >= 2:
            length, begin = data[at + 1], at + 2
            if length == 126:
                length, begin = int.from_bytes(data[at + 2 : at + 4]), at + 4
            elif length == 127:
                length, begin = int.from_bytes(data[at + 2 : at + 10]), at + 10
            if begin > size or begin + length > size:
                break
            if data.startswith(DELTA, begin):
                deltas += 1
            else:
                self._other(data[begin : begin + length])
            at = begin + length
        if deltas:
            self._heard.add(deltas)
        return at

    def _other(self, packet: bytes) -> None:
        if packet == PING:
            self._send(PONG)
        elif packet.startswith(b"0"):
            self._send(f"40{json.dumps(self._told['auth'])}")
        elif packet.startswith(b"40"):
            self._send(f"420{json.dumps(['join', self._told['join']])}")
        elif packet.startswith(b"43"):
            self.joined.set_result(None) if b"true" in packet else self.joined.set_exception(OSError(packet.decode()))

    def _send(self, text: str) -> None:
        """Masked, as clients must, with a key that changes nothing."""
        payload, masked = text.encode(), 0x80
        if len(payload) < 126:
            size = bytes((masked | len(payload),))
        else:
            size = bytes((masked | 126,)) + len(payload).to_bytes(2)
        self._transport.write(b"\x81" + size + bytes(4) + payload)


class Tally:
    """What all listeners have heard together in this round."""

    def __init__(self, expected: int) -> None:
        self.deltas = 0
        self.lost = 0
        self._expected = expected

    def add(self, deltas: int) -> None:
        self.deltas += deltas
        if self.deltas >= self._expected:
            print(json.dumps({"deltas": self.deltas, "at": time.time(), "lost": self.lost}), flush=True)
            self.deltas = 0


async def listen(told: dict[str, Any]) -> None:
    loop, heard = asyncio.get_running_loop(), Tally(told["expected"] * told["count"])
    gate = asyncio.Semaphore(AT_ONCE)

    async def one() -> None:
        async with gate:
            _, listener = await loop.create_connection(lambda: Listener(told, heard), told["host"], told["port"])
            await listener.joined

    await asyncio.gather(*(one() for _ in range(told["count"])))
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(listen(json.loads(sys.argv[1])))
