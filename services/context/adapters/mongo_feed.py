"""Changes of courses as MongoDB tells them: committed, in order, and whichever instance made them."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import structlog
from pymongo.asynchronous.change_stream import AsyncChangeStream
from pymongo.errors import PyMongoError

from kit.mongo import Client
from services.context.adapters.mongo_mapping import COURSES, DATABASE, key_of
from services.context.model import CourseKey

POLL_MS = 2000
CURRENT_SECONDS = 2.5
PAUSE_SECONDS = 0.5
PIPELINE = [{"$project": {"documentKey": 1}}]

log = structlog.get_logger()


class MongoFeed:
    """Follows a change stream; after a gap the listeners are told that they may have missed something."""

    def __init__(self, client: Client, clock: Callable[[], float] = time.monotonic, *, poll_ms: int = POLL_MS) -> None:
        """`poll_ms` is how long the server may stay silent when nothing changes; less than the client's limit."""
        self._courses = client[DATABASE][COURSES]
        self._clock = clock
        self._poll_ms = poll_ms
        self._heard = float("-inf")
        self._listeners: list[tuple[Callable[[CourseKey], None], Callable[[], None]]] = []
        self.opened = asyncio.Event()

    @property
    def current(self) -> bool:
        return self._clock() - self._heard < CURRENT_SECONDS

    def subscribe(self, changed: Callable[[CourseKey], None], lost: Callable[[], None]) -> None:
        self._listeners.append((changed, lost))

    async def run(self) -> None:
        """Follows for ever."""
        while True:
            try:
                async with await self._courses.watch(PIPELINE, max_await_time_ms=self._poll_ms) as stream:
                    await self._follow(stream)
            except PyMongoError as error:
                log.warning("change_feed_broke", error=type(error).__name__)
            self._heard = float("-inf")
            await asyncio.sleep(PAUSE_SECONDS)

    async def _follow(self, stream: "AsyncChangeStream[dict[str, Any]]") -> None:
        for _, lost in self._listeners:
            lost()
        self.opened.set()
        while stream.alive:
            self._heard = max(self._heard, self._clock())
            change = await stream.try_next()
            if change and "documentKey" in change:
                self._tell(key_of(change["documentKey"]["_id"]))

    def _tell(self, key: CourseKey) -> None:
        for changed, _ in self._listeners:
            changed(key)
