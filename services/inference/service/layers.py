from collections.abc import AsyncGenerator
from contextlib import aclosing

from kit.auth.caller import Caller
from services.inference.model.generation import Event, Prompt
from services.inference.ports import Generator
from services.inference.service.coalescing import coalesced


class Coalescing:
    """A Generator with fewer, larger deltas."""

    def __init__(self, inner: Generator, pause: float) -> None:
        self._inner, self._pause = inner, pause

    async def stream(self, caller: Caller, prompt: Prompt) -> AsyncGenerator[Event, None]:
        async with aclosing(coalesced(self._inner.stream(caller, prompt), self._pause)) as events:
            async for event in events:
                yield event
