"""Gives passages their vectors after an import, at start, and when the model changes."""

import asyncio
import contextlib
import time
from collections.abc import Sequence

import structlog

from kit.auth.caller import Caller, Role
from kit.errors import DeadlineExceeded, LecternError, Unavailable
from services.context.model import CourseKey, Unembedded, Vector
from services.context.ports import ContextCache, CourseStore, Embedder, VectorStore

FIRST_BATCH = 8
LARGEST_BATCH = 64
# A batch is to take so many seconds: a small model's queries wait while it is at one.
QUICK, SLOW = 0.5, 2.0
MOST_COURSES = 100
LEASE_SECONDS = 120.0
# The last batch of a claim may begin so late, and take as long again.
CLAIM_SECONDS = LEASE_SECONDS / 2
LONGEST_PAUSE = 60.0
PROBE = "model"

log = structlog.get_logger()


class Pace:
    """How many passages are embedded at once: as many as the model behind takes in a second or two."""

    def __init__(self) -> None:
        self.batch = FIRST_BATCH

    def took(self, passages: int, seconds: float) -> None:
        if seconds > SLOW:
            self.slower(passages)
        elif seconds < QUICK and passages == self.batch:
            self.batch = min(LARGEST_BATCH, 2 * self.batch)

    def slower(self, passages: int) -> None:
        """After a batch that took too long, or was given up: its half may be ended in time."""
        self.batch = max(1, passages // 2)


class Indexing:
    """Sweeps over what lacks a vector of the current model. Instances share the courses among them by claims."""

    def __init__(
        self,
        vectors: VectorStore,
        courses: CourseStore,
        cache: ContextCache,
        embedder: Embedder,
        *,
        seconds: float,
        retry_seconds: float,
    ) -> None:
        """Sweeps when woken, each `seconds`, and `retry_seconds` after something was left undone.

        The pause doubles with each failure in a row.
        """
        self._vectors = vectors
        self._courses = courses
        self._cache = cache
        self._embedder = embedder
        self._seconds = seconds
        self._retry_seconds = retry_seconds
        self._woken = asyncio.Event()
        self._pace = Pace()
        self._failures = 0

    def wake(self) -> None:
        self._woken.set()

    async def run(self) -> None:
        """Sweeps for ever."""
        while True:
            self._woken.clear()
            pause = await self._swept()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._woken.wait()

    async def sweep(self) -> bool:
        """Embeds what is lacking, course by course; whether nothing lacks any more.

        What is left is claimed by other instances, which may give it back undone, or is just being imported.
        """
        model = await self._current_model()
        while keys := await self._vectors.lacking(model, MOST_COURSES):
            advanced = [await self._course(key, model) for key in keys]
            if not any(advanced):
                return False
        return True

    async def embed(self, key: CourseKey) -> None:
        """Embeds what one course lacks, unless another instance is at it."""
        model = await self._current_model()
        while await self._course(key, model):
            pass

    async def _swept(self) -> float:
        """Sweeps once; the seconds until the next time."""
        try:
            done = await self.sweep()
        except LecternError as error:
            log.warning("passages_not_embedded", reason=error.reason, message=error.message)
        except Exception:
            log.exception("passages_not_embedded")
        else:
            self._failures = 0
            return self._seconds if done else self._retry_seconds
        pause = min(LONGEST_PAUSE, self._retry_seconds * 2.0**self._failures)
        self._failures = min(self._failures + 1, 10)
        return pause

    async def _current_model(self) -> str:
        caller, course = _on_behalf_of("lectern"), CourseKey("lectern", "")
        return (await self._embedder.embed(caller, [PROBE], course, query=True)).model

    async def _course(self, key: CourseKey, model: str) -> bool:
        """Embeds a share of the course, so that its claim does not run out; whether there was any."""
        embedded, until = 0, time.monotonic() + CLAIM_SECONDS
        async with self._vectors.claim(key, LEASE_SECONDS) as mine:
            while mine and time.monotonic() < until:
                batch = await self._vectors.unembedded(key, model, self._pace.batch)
                if not batch:
                    break
                await self._batch(key, model, batch)
                embedded += len(batch)
            if embedded:
                log.info("passages_embedded", course=key.name, passages=embedded, model=model)
                await self._cache.clear(key)
                await self._courses.touch(key)
        return embedded > 0

    async def _batch(self, key: CourseKey, model: str, batch: Sequence[Unembedded]) -> None:
        texts, began = [passage.text for passage in batch], time.monotonic()
        try:
            embedded = await self._embedder.embed(_on_behalf_of(key.tenant), texts, key, query=False)
        except (DeadlineExceeded, Unavailable):
            self._pace.slower(len(batch))
            raise
        self._pace.took(len(batch), time.monotonic() - began)
        if embedded.model != model:
            raise Unavailable(f"the model of embeddings changed from {model} to {embedded.model}")
        vectors = (Vector(model, values) for values in embedded.vectors)
        places = ((passage.edition, passage.position) for passage in batch)
        await self._vectors.keep(key, dict(zip(places, vectors, strict=True)))


def _on_behalf_of(tenant: str) -> Caller:
    return Caller(tenant, "lectern-context", frozenset({Role.TEACHER}))
