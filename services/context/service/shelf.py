"""The knowledge of courses at hand in this process: bounded, built once however many ask, never of an old version."""

import asyncio
import random
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from services.context.model import CourseKey
from services.context.model.missing import course_not_found
from services.context.ports import ChangeFeed, CourseStore
from services.context.retrieval.knowledge import Knowledge
from services.context.service.flights import Flights
from services.context.service.loading import Loader

EARLY = 0.8


@dataclass(frozen=True, slots=True)
class _Entry:
    knowledge: Knowledge
    renew_at: float
    expires_at: float


class Shelf:
    """Trusts what is on it while the feed of changes is current, and asks the database where it is not."""

    def __init__(
        self,
        loader: Loader,
        courses: CourseStore,
        feed: ChangeFeed,
        *,
        passages: int,
        observe: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Holds courses of `passages` in all, 0 for none; `observe` hears `hit` or `miss`."""
        self._loader = loader
        self._courses = courses
        self._feed = feed
        self._room = passages
        self._observe = observe
        self._clock = clock
        self._held = 0
        self._entries: OrderedDict[CourseKey, _Entry] = OrderedDict()
        self._flights: Flights[CourseKey, Knowledge] = Flights()
        feed.subscribe(self.forget, self.forget_all)

    def __len__(self) -> int:
        """How many courses are at hand."""
        return len(self._entries)

    async def get(self, key: CourseKey) -> Knowledge:
        """The course's knowledge; raises NotFound where there is no such course."""
        entry = await self._trusted(key)
        self._observe("hit" if entry else "miss")
        if entry is None:
            return await asyncio.shield(self._load(key))
        if entry.renew_at < self._clock():
            self._load(key, renew=True)  # what is at hand serves until it is there
        return entry.knowledge

    def forget(self, key: CourseKey) -> None:
        """The course has changed: what is at hand or on its way is of an old version."""
        self._flights.disown(key)
        self._drop(key)

    def forget_all(self) -> None:
        self._flights.disown_all()
        self._entries.clear()
        self._held = 0

    async def close(self) -> None:
        await self._flights.close()

    async def _trusted(self, key: CourseKey) -> _Entry | None:
        entry = self._entries.get(key)
        if entry is None or entry.expires_at < self._clock():
            return None
        if not self._feed.current:
            course = await self._courses.find(key)
            if course is None or course.version != entry.knowledge.course.version:
                self._drop(key)
                return None
        if key in self._entries:
            self._entries.move_to_end(key)
        return entry

    def _load(self, key: CourseKey, *, renew: bool = False) -> asyncio.Task[Knowledge]:
        return self._flights.join(key, lambda: self._loaded(key, renew))

    async def _loaded(self, key: CourseKey, renew: bool) -> Knowledge:
        knowledge = await self._loader.load(key, renew=renew)
        if knowledge is None:
            self.forget(key)
            raise course_not_found(key)
        if self._flights.owns(key, asyncio.current_task()):
            self._keep(key, knowledge)
        return knowledge

    def _keep(self, key: CourseKey, knowledge: Knowledge) -> None:
        size = _size(knowledge)
        if size > self._room:
            return
        self._drop(key)
        lifetime, now = self._loader.lifetime(knowledge.complete), self._clock()
        # Spread, so that instances that began together do not renew together.
        renew_at = now + lifetime * random.uniform(EARLY, 1)
        self._entries[key] = _Entry(knowledge, renew_at, now + lifetime)
        self._held += size
        while self._held > self._room:
            self._drop(next(iter(self._entries)))

    def _drop(self, key: CourseKey) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._held -= _size(entry.knowledge)


def _size(knowledge: Knowledge) -> int:
    """In passages; an empty course takes room too."""
    return max(1, len(knowledge.passages))
