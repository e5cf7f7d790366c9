"""One socket: what it is sent, and how far it has seen each turn."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from services.gateway.socketio.packets import EventPacket

# What a socket may lag behind before it is cut; it comes back and reads on from where it was.
MOST_WAITING = 512
REMEMBERED_TURNS = 256

log = structlog.get_logger()


class Member:
    """Sends in order, and never keeps more than a bound for a reader that is slow."""

    def __init__(
        self, send: Callable[[EventPacket], None], waiting: Callable[[], int], cut: Callable[[], Awaitable[None]]
    ) -> None:
        """`waiting` says how many packets the transport has not taken yet; `cut` ends the connection."""
        self._send = send
        self._waiting = waiting
        self._cut = cut
        self._seen: dict[str, int] = {}
        self._cutting: asyncio.Future[None] | None = None

    def begin_after(self, turn: str, sequence: int) -> None:
        """It has seen the turn up to this event."""
        self._seen[turn] = max(sequence, self._seen.get(turn, 0))

    def show(self, turn: str, sequence: int, packet: EventPacket) -> bool:
        """The event of this number, unless it was seen; whether it was not."""
        if sequence <= self._seen.get(turn, 0):
            return False
        self._seen[turn] = sequence
        self.tell(packet)
        if len(self._seen) > REMEMBERED_TURNS:
            del self._seen[next(iter(self._seen))]
        return True

    def tell(self, packet: EventPacket) -> None:
        if self._cutting is not None:
            return
        if self._waiting() < MOST_WAITING:
            self._send(packet)
        else:
            log.info("slow_socket_cut", waiting=MOST_WAITING)
            self._cutting = asyncio.ensure_future(self._cut())
