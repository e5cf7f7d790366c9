"""One socket: what it still has to be sent, and how far it has seen each turn."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from services.gateway.model import Event
from services.gateway.realtime.messages import Message, event_message

# What a socket may lag behind before it is cut; it comes back and reads on from where it was.
MOST_WAITING = 512
# Packets that the transport may hold before more are handed to it.
MOST_UNSENT = 64
DRAIN_SECONDS = 0.05
SLOWEST_SECONDS = 10.0
REMEMBERED_TURNS = 256

Send = Callable[[str, dict[str, Any]], Awaitable[None]]

log = structlog.get_logger()


class Member:
    """Sends in order, and never keeps more than a bound for a reader that is slow."""

    def __init__(self, send: Send, unsent: Callable[[], int], cut: Callable[[], Awaitable[None]]) -> None:
        """`unsent` says how many packets the transport still holds; `cut` ends the connection."""
        self._send = send
        self._unsent = unsent
        self._cut = cut
        self._waiting: asyncio.Queue[Message] = asyncio.Queue(MOST_WAITING)
        self._seen: dict[str, int] = {}
        self._cutting: asyncio.Future[None] | None = None
        self._pump = asyncio.create_task(self._run())

    def begin_after(self, turn: str, sequence: int) -> None:
        """It has seen the turn up to this event."""
        self._seen[turn] = max(sequence, self._seen.get(turn, 0))

    def show(self, thread: str, turn: str, event: Event) -> bool:
        """The event, unless it was seen; whether it was not."""
        if event.sequence <= self._seen.get(turn, 0):
            return False
        self._seen[turn] = event.sequence
        self.tell(event_message(thread, turn, event))
        if len(self._seen) > REMEMBERED_TURNS:
            del self._seen[next(iter(self._seen))]
        return True

    def tell(self, message: Message) -> None:
        try:
            self._waiting.put_nowait(message)
        except asyncio.QueueFull:
            self._let_go()

    async def close(self) -> None:
        self._pump.cancel()
        await asyncio.gather(self._pump, return_exceptions=True)

    async def _run(self) -> None:
        try:
            while True:
                name, body = await self._waiting.get()
                await self._send(name, body)
                async with asyncio.timeout(SLOWEST_SECONDS):
                    while self._unsent() > MOST_UNSENT:  # noqa: ASYNC110 - the transport tells nobody
                        await asyncio.sleep(DRAIN_SECONDS)
        except TimeoutError:
            self._let_go()

    def _let_go(self) -> None:
        """Beside the pump, which the end of the connection ends."""
        if self._cutting is None:
            log.info("slow_socket_cut", waiting=self._waiting.qsize())
            self._cutting = asyncio.ensure_future(self._cut())
