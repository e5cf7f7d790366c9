from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager

from services.context.model import Course, CourseKey, Source, SourceContext
from services.context.ports import ContextCache


class CountedCache:
    """Tells how many entries a cache had and had not."""

    def __init__(self, cache: ContextCache, count: Callable[[str, int], None]) -> None:
        """`count` hears `hit` or `miss`, and how many."""
        self._cache = cache
        self._count = count

    async def get(self, course: Course, sources: Sequence[Source]) -> Mapping[str, SourceContext]:
        found = await self._cache.get(course, sources)
        self._count("hit", len(found))
        self._count("miss", len(sources) - len(found))
        return found

    async def put(self, course: Course, contexts: Sequence[SourceContext], seconds: float) -> None:
        await self._cache.put(course, contexts, seconds)

    async def clear(self, key: CourseKey) -> int:
        return await self._cache.clear(key)

    def building(self, course: Course) -> AbstractAsyncContextManager[bool]:
        return self._cache.building(course)
