import asyncio
import time
from collections.abc import AsyncGenerator, Iterable

from kit.timeouts import within
from services.gateway.model import Event, Heartbeat


class Broadcast:
    """The events of one turn in this process's memory, for everyone here who reads along."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.events = list(events)
        self.readers = 0
        self.last_read = time.monotonic()
        self._waiting: set[asyncio.Future[None]] = set()

    @property
    def last_sequence(self) -> int:
        return self.events[-1].sequence if self.events else 0

    def publish(self, events: Iterable[Event]) -> None:
        self.events.extend(events)
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)

    def unread_for(self) -> float:
        """How many seconds nobody has read."""
        return 0.0 if self.readers else time.monotonic() - self.last_read

    async def follow(self, after: int, quiet_seconds: float) -> AsyncGenerator[Event, None]:
        """The events after a sequence as they come, until the final one; a heartbeat after so many quiet seconds."""
        self.readers += 1
        try:
            place = next((i for i, event in enumerate(self.events) if event.sequence > after), len(self.events))
            while True:
                while place < len(self.events):
                    event = self.events[place]
                    yield event
                    after, place = event.sequence, place + 1
                if self.events and self.events[-1].final:
                    return
                if not await self._grown(quiet_seconds):
                    yield Event(after, Heartbeat())
        finally:
            self.readers -= 1
            self.last_read = time.monotonic()

    async def _grown(self, seconds: float) -> bool:
        """True once there are more events, False after so many seconds without."""
        grown = asyncio.get_running_loop().create_future()
        self._waiting.add(grown)
        try:
            with within(seconds):
                await grown
        except TimeoutError:
            return False
        finally:
            self._waiting.discard(grown)
        return True
