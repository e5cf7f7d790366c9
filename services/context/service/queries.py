"""Queries as vectors, made once for all who ask the same in a tenant."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable

import structlog

from kit.auth.caller import Caller
from kit.errors import LecternError
from services.context.model import CourseKey, Vector
from services.context.ports import Embedder
from services.context.service.flights import Flights

MOST_KEPT = 4096
MOST_UNDER_WAY = 64
PAUSE_AFTER_FAILURE = 2.0

log = structlog.get_logger()


Begun = asyncio.Task[Vector | None] | Vector | None


class QueryVectors:
    """Begins with a query's vector early and waits for it late; one that is late serves who asks the same next.

    Queries are the same whatever their case and space. Tenants share none: how soon an answer comes would tell one what
    another has asked.
    """

    def __init__(self, embedder: Embedder, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._embedder = embedder
        self._clock = clock
        self._silent_until = 0.0
        self._kept: OrderedDict[tuple[str, str], Vector] = OrderedDict()
        self._flights: Flights[tuple[str, str], Vector | None] = Flights()

    def begin(self, caller: Caller, key: CourseKey, query: str) -> Begun:
        """The vector, or the work on it, or None where there will be none."""
        name = (key.tenant, _same(query))
        kept = self._kept.get(name)
        if kept is not None:
            self._kept.move_to_end(name)
            return kept
        if not name[1] or self._clock() < self._silent_until or len(self._flights) >= MOST_UNDER_WAY:
            return None
        return self._flights.join(name, lambda: self._embed(caller, key, query, name))

    async def finish(self, begun: Begun) -> Vector | None:
        """What `begin` began; giving up on it does not end it."""
        return await asyncio.shield(begun) if isinstance(begun, asyncio.Task) else begun

    async def close(self) -> None:
        await self._flights.close()

    async def _embed(self, caller: Caller, key: CourseKey, query: str, name: tuple[str, str]) -> Vector | None:
        try:
            embedded = await self._embedder.embed(caller, [query], key, query=True)
        except LecternError as error:
            self._silent_until = self._clock() + PAUSE_AFTER_FAILURE
            log.warning("query_not_embedded", reason=error.reason, message=error.message)
            return None
        vector = Vector(embedded.model, embedded.vectors[0])
        self._kept[name] = vector
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return vector


def _same(query: str) -> str:
    """What all that is the same query has in common."""
    return " ".join(query.casefold().split())
