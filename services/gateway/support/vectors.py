"""Vectors of sentences and of stretches of sources, asked for within a time, and kept."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Protocol

import structlog

from kit.auth.caller import Caller
from kit.errors import LecternError
from services.gateway.model import Passage
from services.gateway.support.sources import Source
from services.gateway.support.verdicts import Vectors

# Vectors of 20 stretches are about 30 KB.
SOURCES_KEPT = 512
PAUSE_AFTER_FAILURE = 30.0

log = structlog.get_logger()


class Embeddings(Protocol):
    async def embed(self, caller: Caller, course: str, texts: Sequence[str]) -> Vectors:
        """One row of unit length for each text; raises a LecternError where no provider makes them."""


class SupportVectors:
    """Likeness of sentences to sources; a source's vectors are asked for once, and finished though nobody waits."""

    def __init__(self, embeddings: Embeddings) -> None:
        self._embeddings = embeddings
        self._sources: OrderedDict[tuple[str, Passage], asyncio.Task[Vectors]] = OrderedDict()
        self._away_until = 0.0

    async def cosines(
        self, caller: Caller, course: str, claims: Sequence[str], sources: Sequence[Source]
    ) -> Sequence[Sequence[Vectors]] | None:
        """For each claim and each source the cosines with its stretches; None while vectors are not to be had."""
        if time.monotonic() < self._away_until:
            return None
        try:
            known = [self._of(caller, course, source) for source in sources]
            said, *stretches = await asyncio.gather(
                self._embeddings.embed(caller, course, claims), *(asyncio.shield(task) for task in known)
            )
        except LecternError as error:
            log.info("support_vectors_away", reason=error.reason)
            self._away_until = time.monotonic() + PAUSE_AFTER_FAILURE
            return None
        return [[rows @ claim for rows in stretches] for claim in said]

    async def close(self) -> None:
        for task in self._sources.values():
            task.cancel()
        await asyncio.gather(*self._sources.values(), return_exceptions=True)

    def _of(self, caller: Caller, course: str, source: Source) -> asyncio.Task[Vectors]:
        key = (caller.tenant, source.passage)
        task = self._sources.get(key)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            texts = [stretch.text for stretch in source.stretches]
            task = self._sources[key] = asyncio.create_task(self._embeddings.embed(caller, course, texts))
            task.add_done_callback(_retrieved)
        self._sources.move_to_end(key)
        while len(self._sources) > SOURCES_KEPT:
            self._sources.popitem(last=False)
        return task


def _retrieved(task: asyncio.Task[Vectors]) -> None:
    """A failure that nobody waits for any more is not told as forgotten."""
    if not task.cancelled():
        task.exception()
