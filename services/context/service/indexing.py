"""Gives passages their vectors after an import, at start, and when the model changes."""

import asyncio
import contextlib
from collections.abc import Sequence

import structlog

from kit.auth.caller import Caller, Role
from kit.errors import LecternError, Unavailable
from services.context.model import CourseKey, Unembedded, Vector
from services.context.ports import ContextCache, CourseStore, Embedder, VectorStore

BATCH = 8
BATCHES_PER_CLAIM = 20
MOST_COURSES = 100
LEASE_SECONDS = 120.0
PROBE = "model"

log = structlog.get_logger()


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
        """Sweeps when woken, each `seconds`, and `retry_seconds` after something was left undone."""
        self._vectors = vectors
        self._courses = courses
        self._cache = cache
        self._embedder = embedder
        self._seconds = seconds
        self._retry_seconds = retry_seconds
        self._woken = asyncio.Event()

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
        try:
            if await self.sweep():
                return self._seconds
        except LecternError as error:
            log.warning("passages_not_embedded", reason=error.reason, message=error.message)
        except Exception:
            log.exception("passages_not_embedded")
        return self._retry_seconds

    async def _current_model(self) -> str:
        caller, course = _on_behalf_of("lectern"), CourseKey("lectern", "")
        return (await self._embedder.embed(caller, [PROBE], course, query=True)).model

    async def _course(self, key: CourseKey, model: str) -> bool:
        """Embeds a share of the course, so that its claim does not run out; whether there was any."""
        embedded = 0
        async with self._vectors.claim(key, LEASE_SECONDS) as mine:
            for _ in range(BATCHES_PER_CLAIM if mine else 0):
                batch = await self._vectors.unembedded(key, model, BATCH)
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
        texts = [passage.text for passage in batch]
        embedded = await self._embedder.embed(_on_behalf_of(key.tenant), texts, key, query=False)
        if embedded.model != model:
            raise Unavailable(f"the model of embeddings changed from {model} to {embedded.model}")
        vectors = (Vector(model, values) for values in embedded.vectors)
        places = ((passage.edition, passage.position) for passage in batch)
        await self._vectors.keep(key, dict(zip(places, vectors, strict=True)))


def _on_behalf_of(tenant: str) -> Caller:
    return Caller(tenant, "lectern-context", frozenset({Role.TEACHER}))
