"""Figures that somebody else knows, such as a store of itself: asked for when a scrape comes, and never without one."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterable
from concurrent import futures
from contextlib import AsyncExitStack

from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

# A process whose loop is stuck must still tell the rest of its metrics.
PATIENCE_SECONDS = 4.0

Ask = Callable[[], Awaitable[Iterable[Metric]]]


class Asked(Collector):
    """Runs `ask` in the loop of whoever made it, while the thread that serves metrics waits."""

    def __init__(self, ask: Ask, *, kept: float) -> None:
        """Answers are told again for `kept` seconds; `ask` bounds its own time, and says what failed by its figures."""
        self._ask, self._kept = ask, kept
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._until = 0.0
        self._known: list[Metric] = []

    def describe(self) -> Iterable[Metric]:
        """No names, so that nobody asks who looks for others by name, such as the process's own vitals."""
        return []

    def collect(self) -> Iterable[Metric]:
        with self._lock:
            if time.monotonic() >= self._until:
                self._known = self._asked()
                self._until = time.monotonic() + self._kept
            return list(self._known)

    def _asked(self) -> list[Metric]:
        answer = asyncio.run_coroutine_threadsafe(self._list(), self._loop)
        try:
            return answer.result(PATIENCE_SECONDS)
        except futures.TimeoutError:
            answer.cancel()
            return []

    async def _list(self) -> list[Metric]:
        return list(await self._ask())


def serve_asked(ask: Ask, stack: AsyncExitStack, *, kept: float, registry: CollectorRegistry = REGISTRY) -> None:
    """Tells these figures until the stack ends; with `kept` 0 nobody is ever asked."""
    if kept > 0:
        asked = Asked(ask, kept=kept)
        registry.register(asked)
        stack.callback(registry.unregister, asked)
