import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from services.context.model import Course, CourseKey, Source, SourceContext

Name = tuple[CourseKey, str, str]


class MemoryContextCache:
    """Contexts of this process alone, at most `most` of them; the least used go first."""

    def __init__(self, most: int = 1000, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._entries: OrderedDict[Name, tuple[float, SourceContext]] = OrderedDict()
        self._building: set[tuple[CourseKey, str]] = set()

    async def get(self, course: Course, sources: Sequence[Source]) -> Mapping[str, SourceContext]:
        found = {}
        for source in sources:
            entry = self._entries.get(_name(course, source))
            if entry is not None and entry[0] > self._clock():
                self._entries.move_to_end(_name(course, source))
                found[source.id] = entry[1]
        return found

    async def put(self, course: Course, contexts: Sequence[SourceContext], seconds: float) -> None:
        for context in contexts:
            self._entries[_name(course, context.source)] = (self._clock() + seconds, context)
        while len(self._entries) > self._most:
            self._entries.popitem(last=False)

    async def clear(self, key: CourseKey) -> int:
        names = [name for name in self._entries if name[0] == key]
        for name in names:
            del self._entries[name]
        return len(names)

    @asynccontextmanager
    async def building(self, course: Course) -> AsyncIterator[bool]:
        place = (course.key, course.version)
        mine = place not in self._building
        self._building.add(place)
        try:
            yield mine
        finally:
            if mine:
                self._building.discard(place)


class NoContextCache:
    """Keeps nothing: for a service whose caches are switched off."""

    async def get(self, course: Course, sources: Sequence[Source]) -> Mapping[str, SourceContext]:
        return {}

    async def put(self, course: Course, contexts: Sequence[SourceContext], seconds: float) -> None:
        pass

    async def clear(self, key: CourseKey) -> int:
        return 0

    @asynccontextmanager
    async def building(self, course: Course) -> AsyncIterator[bool]:
        yield True


def _name(course: Course, source: Source) -> Name:
    return course.key, source.id, course.version
