"""Signals within one process."""

import asyncio
from collections.abc import AsyncGenerator

from kit.jobs.ports import Signal, Topic


class MemorySignals:
    """Reaches whoever listens at that moment."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[Signal]] = set()

    async def send(self, signal: Signal) -> None:
        for listener in self._listeners:
            listener.put_nowait(signal)

    async def received(self) -> AsyncGenerator[Signal, None]:
        queue: asyncio.Queue[Signal] = asyncio.Queue()
        self._listeners.add(queue)
        try:
            yield Signal(Topic.EVERYTHING)
            while True:
                yield await queue.get()
        finally:
            self._listeners.discard(queue)
