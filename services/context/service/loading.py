"""Builds a course's knowledge from the shared cache, and what is missing there from the database."""

import asyncio
from collections.abc import Sequence

import structlog

from kit.errors import Unavailable
from services.context.model import Course, CourseKey, Head, Source, SourceContext
from services.context.ports import ContextCache, SourceStore, VectorIndex, VectorIndexes
from services.context.retrieval import knowledge
from services.context.retrieval.knowledge import Knowledge

TRIES = 5
POLLS = 40
POLL_SECONDS = 0.05

log = structlog.get_logger()


class Loader:
    """One build a version over all instances, as long as the cache that they share is there."""

    def __init__(
        self,
        sources: SourceStore,
        cache: ContextCache,
        indexes: VectorIndexes,
        *,
        seconds: float,
        incomplete_seconds: float,
    ) -> None:
        """Built contexts are kept for `seconds`; those that wait for vectors for `incomplete_seconds`."""
        self._sources = sources
        self._cache = cache
        self._indexes = indexes
        self._seconds = seconds
        self._incomplete_seconds = incomplete_seconds

    async def load(self, key: CourseKey, *, renew: bool = False) -> Knowledge | None:
        """The course as it is now, or None; `renew` builds what is cached once more, before it expires."""
        for _ in range(TRIES):
            head = await self._sources.head(key)
            if head is None:
                return None
            contexts = await self._contexts(head, renew)
            if contexts is not None:
                vectors = await self._opened(head.course, contexts)
                return await asyncio.to_thread(knowledge.build, head.course, contexts, vectors)
        raise Unavailable("the course is being changed too often to be read", retry_after=1)

    async def _opened(self, course: Course, contexts: Sequence[SourceContext]) -> VectorIndex | None:
        try:
            return await self._indexes.open(course, contexts)
        except Unavailable as error:
            log.warning("words_alone", course=course.key.name, reason=error.reason)
            return None

    def lifetime(self, complete: bool) -> float:
        return self._seconds if complete else self._incomplete_seconds

    async def _contexts(self, head: Head, renew: bool) -> Sequence[SourceContext] | None:
        cached = {} if renew else dict(await self._cache.get(head.course, head.sources))
        missing = [source for source in head.sources if source.id not in cached]
        if missing:
            built = await self._once(head.course, missing, renew)
            if built is None:
                return None
            cached |= built
        return [cached[source.id] for source in head.sources]

    async def _once(self, course: Course, missing: Sequence[Source], renew: bool) -> dict[str, SourceContext] | None:
        async with self._cache.building(course) as mine:
            if not mine:
                built = await self._built_elsewhere(course, missing)
                if built:
                    return built
            # Another may have built and left between the look into the cache and the door.
            found = {} if renew else dict(await self._cache.get(course, missing))
            left = [source for source in missing if source.id not in found]
            built = await self._build(course, left) if left else {}
            return None if built is None else found | built

    async def _build(self, course: Course, missing: Sequence[Source]) -> dict[str, SourceContext] | None:
        contexts = await self._sources.contexts(course.key, missing)
        if contexts is None:
            return None
        for complete in (True, False):
            share = [context for context in contexts if context.complete is complete]
            if share:
                await self._cache.put(course, share, self.lifetime(complete))
        return {context.source.id: context for context in contexts}

    async def _built_elsewhere(self, course: Course, missing: Sequence[Source]) -> dict[str, SourceContext] | None:
        """What another instance builds, as soon as it is there; None where that takes too long."""
        for _ in range(POLLS):
            await asyncio.sleep(POLL_SECONDS)
            found = await self._cache.get(course, missing)
            if len(found) == len(missing):
                return dict(found)
        return None
