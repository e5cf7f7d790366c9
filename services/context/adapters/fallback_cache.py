from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeVar

from kit.outage import FAILURES, Outage
from services.context.model import Course, CourseKey, Source, SourceContext
from services.context.ports import ContextCache

T = TypeVar("T")


class FallbackCache:
    """Takes the second cache while the first does not answer."""

    def __init__(self, first: ContextCache, second: ContextCache, outage: Outage) -> None:
        self._first = first
        self._second = second
        self._outage = outage

    async def get(self, course: Course, sources: Sequence[Source]) -> Mapping[str, SourceContext]:
        return await self._either(lambda cache: cache.get(course, sources))

    async def put(self, course: Course, contexts: Sequence[SourceContext], seconds: float) -> None:
        await self._either(lambda cache: cache.put(course, contexts, seconds))

    async def clear(self, key: CourseKey) -> int:
        return await self._second.clear(key) + await self._either(lambda cache: cache.clear(key))

    @asynccontextmanager
    async def building(self, course: Course) -> AsyncIterator[bool]:
        async with AsyncExitStack() as stack:
            yield await self._either(lambda cache: _entered(stack, cache, course))

    async def _either(self, use: Callable[[ContextCache], Awaitable[T]]) -> T:
        return await self._outage.guard(lambda: use(self._first), lambda: use(self._second))


async def _entered(stack: AsyncExitStack, cache: ContextCache, course: Course) -> bool:
    lock = cache.building(course)
    mine = await lock.__aenter__()
    stack.push_async_exit(_forgiving(lock.__aexit__))
    return mine


def _forgiving(leave: Callable[..., Awaitable[bool | None]]) -> Callable[..., Awaitable[bool | None]]:
    """A lock that cannot be given back runs out by itself."""

    async def left(*raised: object) -> bool | None:
        try:
            return await leave(*raised)
        except FAILURES:
            return None

    return left
