"""Vectors of sentences and of stretches of sources, asked for within a time, and kept."""

import asyncio
import contextvars
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from kit.auth.caller import Caller
from kit.call import CURRENT
from kit.errors import LecternError
from services.gateway.model import Passage
from services.gateway.support.sources import Source
from services.gateway.support.verdicts import Vectors

# Vectors of 20 stretches are about 30 KB.
SOURCES_KEPT = 512
# What one call for vectors may hold.
MOST_STRETCHES = MOST_CLAIMS = 256
PAUSE_AFTER_FAILURE = 30.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Embedded:
    """Vectors as rows of unit length, and the model that made them: those of two models can't be compared."""

    model: str
    rows: Vectors


class Embeddings(Protocol):
    async def embed(self, caller: Caller, course: str, texts: Sequence[str]) -> Embedded:
        """One row for each of at most 256 texts; raises a LecternError where they are not to be had."""


class SupportVectors:
    """Likeness of sentences to sources; a source's vectors are asked for once, and finished though nobody waits."""

    def __init__(self, embeddings: Embeddings) -> None:
        self._embeddings = embeddings
        self._sources: OrderedDict[tuple[str, Passage], asyncio.Task[Embedded]] = OrderedDict()
        self._away_until: dict[str, float] = {}

    async def cosines(
        self, caller: Caller, course: str, claims: Sequence[str], sources: Sequence[Source]
    ) -> Sequence[Sequence[Vectors]] | None:
        """For each claim and each source the cosines with its stretches; None while vectors are not to be had."""
        if time.monotonic() < self._away_until.get(caller.tenant, 0.0):
            return None
        try:
            known = [self._of(caller, course, source) for source in sources]
            said, *stretches = await asyncio.gather(
                self._embeddings.embed(caller, course, claims), *(asyncio.shield(task) for task in known)
            )
        except LecternError as error:
            log.info("support_vectors_away", tenant=caller.tenant, reason=error.reason)
            self._pause(caller.tenant)
            return None
        if any(each.model != said.model for each in stretches):
            self._sources.clear()  # the model was changed meanwhile
            return None
        return [[each.rows @ claim for each in stretches] for claim in said.rows]

    async def close(self) -> None:
        for task in self._sources.values():
            task.cancel()
        await asyncio.gather(*self._sources.values(), return_exceptions=True)

    def _pause(self, tenant: str) -> None:
        """A tenant without vectors, for want of budget or of a provider, does not ask again at once."""
        now = time.monotonic()
        self._away_until = {each: until for each, until in self._away_until.items() if until > now}
        self._away_until[tenant] = now + PAUSE_AFTER_FAILURE

    def _of(self, caller: Caller, course: str, source: Source) -> asyncio.Task[Embedded]:
        key = (caller.tenant, source.passage)
        task = self._sources.get(key)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            texts = [stretch.text for stretch in source.stretches][:MOST_STRETCHES]
            context = contextvars.copy_context()
            context.run(CURRENT.set, None)  # it outlives the turn that asks for it, and so its deadline
            task = asyncio.create_task(self._embeddings.embed(caller, course, texts), context=context)
            task.add_done_callback(_retrieved)
            self._sources[key] = task
        self._sources.move_to_end(key)
        while len(self._sources) > SOURCES_KEPT:
            self._sources.popitem(last=False)
        return task


def _retrieved(task: asyncio.Task[Embedded]) -> None:
    """A failure that nobody waits for any more is not told as forgotten."""
    if not task.cancelled():
        task.exception()
