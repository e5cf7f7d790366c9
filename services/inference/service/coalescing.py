"""Fewer, larger deltas: the first at once, later ones with whatever has arrived when the writer is free."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import aclosing

from kit.auth.caller import Caller
from services.inference.model.generation import Delta, Event, Prompt
from services.inference.ports import Generator

LONGEST = 0.1


class Coalescing:
    """A Generator with fewer, larger deltas."""

    def __init__(self, inner: Generator, pause: float) -> None:
        self._inner, self._pause = inner, pause

    async def stream(self, caller: Caller, prompt: Prompt) -> AsyncGenerator[Event, None]:
        async with aclosing(coalesced(self._inner.stream(caller, prompt), self._pause)) as events:
            async for event in events:
                yield event


async def coalesced(events: AsyncGenerator[Event, None], pause: float) -> AsyncGenerator[Event, None]:
    """The same events, deltas joined: `pause` seconds lie between two of them (at most 100 ms), none before the end."""
    buffer = _Buffer()
    pump = asyncio.create_task(_pump(events, buffer))
    try:
        while not (buffer.closed and not buffer.waiting):
            await buffer.arrived.wait()
            for event in joined(buffer.take()):
                yield event
            if not buffer.urgent.is_set():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(min(pause, LONGEST)):
                        await buffer.urgent.wait()
        await pump
    finally:
        pump.cancel()
        await asyncio.gather(pump, return_exceptions=True)


class _Buffer:
    """What the pump has read and the writer has not yet taken."""

    def __init__(self) -> None:
        self.waiting: list[Event] = []
        self.arrived = asyncio.Event()
        self.urgent = asyncio.Event()  # something other than a delta, or the end
        self.closed = False

    def put(self, event: Event) -> None:
        self.waiting.append(event)
        self.arrived.set()
        if not isinstance(event, Delta):
            self.urgent.set()

    def close(self) -> None:
        self.closed = True
        self.arrived.set()
        self.urgent.set()

    def take(self) -> list[Event]:
        taken, self.waiting = self.waiting, []
        if not self.closed:
            self.arrived.clear()
            self.urgent.clear()
        return taken


async def _pump(events: AsyncGenerator[Event, None], buffer: _Buffer) -> None:
    try:
        async with aclosing(events):
            async for event in events:
                buffer.put(event)
    finally:
        buffer.close()


def joined(events: Iterable[Event]) -> Iterator[Event]:
    """The events with neighbouring deltas as one."""
    texts: list[str] = []
    for event in events:
        if isinstance(event, Delta):
            texts.append(event.text)
            continue
        if texts:
            yield Delta("".join(texts))
            texts = []
        yield event
    if texts:
        yield Delta("".join(texts))
