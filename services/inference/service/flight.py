"""One generation and all the callers of this process who follow it."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Iterator
from dataclasses import dataclass, field

from kit.auth.caller import Caller
from kit.errors import LecternError
from services.inference.model.generation import Delta, Event, Finish, Prompt


@dataclass(eq=False, slots=True)
class Listener:
    """A caller who follows; `refusal` is an error that concerns this caller alone, such as a spent budget."""

    caller: Caller
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    refusal: LecternError | None = None


class Flight:
    """The events so far, from the first; whoever joins late hears them all."""

    def __init__(self, key: str, prompt: Prompt) -> None:
        self.key, self.prompt = key, prompt
        self.events: list[Event] = []
        self.listeners: list[Listener] = []
        self.deserted = asyncio.Event()
        self.alone = False  # has events that no log holds, so no other process can follow or go on
        self.generation = 0
        self.logged = 0  # how many of the events the generation's log holds
        self.error: LecternError | None = None
        self.done = False
        self.flying = False

    @property
    def said(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, Delta))

    @property
    def told(self) -> list[Event | LecternError]:
        """The events, and the error that ended them."""
        return [*self.events, self.error] if self.error else [*self.events]

    @property
    def ahead(self) -> bool:
        """Whether something was heard here that the log does not hold."""
        return len(self.events) + (self.error is not None) > self.logged

    def board(self, generation: int) -> bool:
        """Turns to the log of a generation; answers whether it holds what was heard here so far."""
        if generation != self.generation:
            self.generation, self.logged = generation, 0
        return not self.ahead

    def copy(self, news: Iterable[Event | LecternError]) -> None:
        """Tells the listeners what the log holds."""
        copied = [*news]
        self.logged += len(copied)
        self.add(copied)

    def join(self, caller: Caller) -> Listener:
        listener = Listener(caller)
        self.listeners.append(listener)
        self.deserted.clear()
        return listener

    def leave(self, listener: Listener) -> None:
        if listener in self.listeners:
            self.listeners.remove(listener)
        if not self.listeners:
            self.deserted.set()

    def add(self, news: Iterable[Event | LecternError]) -> None:
        """Tells the listeners; a Finish or an error is the end."""
        for event in news:
            if isinstance(event, LecternError):
                self.error, self.done = event, True
            else:
                self.events.append(event)
                self.done = isinstance(event, Finish)
        for listener in self.listeners:
            listener.changed.set()

    def refuse(self, listener: Listener, error: LecternError) -> None:
        """Sends one listener away with an error; the others stay."""
        listener.refusal = error
        listener.changed.set()
        self.leave(listener)

    async def listen(self, listener: Listener) -> AsyncGenerator[Event, None]:
        """All events; deltas that have gathered since the last look come as one."""
        heard = 0
        while True:
            listener.changed.clear()
            fresh = self.events[heard:]
            heard += len(fresh)
            for event in joined(fresh):
                yield event
            if heard < len(self.events):
                continue
            if failure := listener.refusal or self.error:
                raise failure
            if self.done:
                return
            await listener.changed.wait()


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
