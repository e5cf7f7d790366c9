"""Providers in memory that answer by script: what the service is tested with, and what runs without any model."""

import asyncio
import zlib
from collections.abc import AsyncGenerator, Iterable, Sequence

import numpy as np

from services.inference.model.failures import ProviderFailure
from services.inference.model.generation import FLOATS, Usage, Vectors
from services.inference.model.providers import Route
from services.inference.ports import ChatCall, Piece

STALL = None


class ScriptedChat:
    """Plays the next of a provider's scripts: texts in order, then a failure to raise, a STALL, or a clean end."""

    def __init__(self, scripts: dict[str, Iterable[Sequence[str | ProviderFailure | None]]]) -> None:
        """`scripts` by the name of the provider; a provider whose scripts have run out repeats its last."""
        self._scripts = {name: list(plays) for name, plays in scripts.items()}
        self.calls: list[ChatCall] = []
        self.open = 0

    async def stream(self, call: ChatCall) -> AsyncGenerator[Piece, None]:
        self.calls.append(call)
        plays = self._scripts[call.route.provider.name]
        play = plays.pop(0) if len(plays) > 1 else plays[0]
        self.open += 1
        try:
            for step in play:
                if isinstance(step, ProviderFailure):
                    raise step
                if step is STALL:
                    await asyncio.Event().wait()
                else:
                    yield Piece(text=step)
            words = sum(len(step.split()) for step in play if isinstance(step, str))
            prompt = sum(len(message.text.split()) for message in call.messages)
            yield Piece(finish_reason="stop", usage=Usage(prompt, words))
        finally:
            self.open -= 1


class HashedEmbeddings:
    """Vectors of word counts: texts that share words lie near each other."""

    def __init__(self, dimensions: int = 64) -> None:
        self._dimensions = dimensions

    async def embed(self, route: Route, texts: Sequence[str], *, query: bool, timeout: float) -> Vectors:
        tokens = sum(len(text.split()) for text in texts)
        return Vectors(tuple(self._vector(text) for text in texts), route.model, Usage(tokens, 0))

    def _vector(self, text: str) -> bytes:
        values = np.zeros(self._dimensions, dtype=FLOATS)
        for word in text.lower().split():
            values[zlib.crc32(word.encode()) % self._dimensions] += 1.0
        return (values / (np.linalg.norm(values) or 1.0)).tobytes()
