"""Which courses are asked about, counted here and written down in batches."""

import asyncio
from collections import Counter
from collections.abc import Sequence

import structlog

from kit.errors import LecternError
from services.context.model import CourseKey
from services.context.ports import PopularityStore

MOST_COUNTED = 10_000

log = structlog.get_logger()


class Popularity:
    """Counts without waiting; what was not yet written when a process is killed is lost."""

    def __init__(self, store: PopularityStore) -> None:
        self._store = store
        self._counts: Counter[CourseKey] = Counter()

    def count(self, key: CourseKey) -> None:
        if key in self._counts or len(self._counts) < MOST_COUNTED:
            self._counts[key] += 1

    async def flush(self) -> None:
        """Writes the counts down; they are kept for the next time where that fails."""
        counts, self._counts = self._counts, Counter()
        if not counts:
            return
        try:
            await self._store.add(counts)
        except LecternError as error:
            self._counts += counts
            log.warning("popularity_not_written", reason=error.reason)

    async def run(self, seconds: float) -> None:
        """Flushes for ever, each so many seconds."""
        while True:
            await asyncio.sleep(seconds)
            await self.flush()

    async def top(self, tenant: str, limit: int) -> list[CourseKey]:
        await self.flush()
        return [CourseKey(tenant, course) for course in await self._store.top(tenant, limit)]

    async def busiest(self, limit: int) -> Sequence[CourseKey]:
        """Over all tenants."""
        return await self._store.busiest(limit)
