import asyncio
import time
from collections.abc import AsyncGenerator, Iterable

from services.gateway.model import Event


class Broadcast:
    """The events of one turn in this process's memory, for everyone here who reads along."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.events = list(events)
        self.readers = 0
        self.last_read = time.monotonic()
        self._waiting: set[asyncio.Event] = set()

    @property
    def last_sequence(self) -> int:
        return self.events[-1].sequence if self.events else 0

    def publish(self, event: Event) -> None:
        self.events.append(event)
        for waiting in self._waiting:
            waiting.set()

    def unread_for(self) -> float:
        """How many seconds nobody has read."""
        return 0.0 if self.readers else time.monotonic() - self.last_read

    async def follow(self, after: int = 0) -> AsyncGenerator[Event, None]:
        """The events after a sequence as they come, until the final one."""
        grown = asyncio.Event()
        self._waiting.add(grown)
        self.readers += 1
        try:
            place = next((i for i, event in enumerate(self.events) if event.sequence > after), len(self.events))
            while True:
                grown.clear()
                while place < len(self.events):
                    yield self.events[place]
                    place += 1
                if self.events and self.events[-1].final:
                    return
                await grown.wait()
        finally:
            self._waiting.discard(grown)
            self.readers -= 1
            self.last_read = time.monotonic()
