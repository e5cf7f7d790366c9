"""Whether the stores answer this process, asked by one ping each when metrics are read."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from typing import Any

import structlog
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from kit import mongo, redis
from kit.settings import CommonSettings
from kit.telemetry.asked import serve_asked

PATIENCE_SECONDS = 1.5
NAME, DOCUMENTATION = "lectern_dependency_up", "Whether a store answers this process: 1 or 0"

Ping = Callable[[], Awaitable[Any]]

log = structlog.get_logger()


class Dependencies:
    """The stores by name; says in the log when one goes away and when it is back."""

    def __init__(self, pings: Mapping[str, Ping]) -> None:
        """Each ping raises while its store is away."""
        self._pings = pings
        self._up = dict.fromkeys(pings, True)

    async def metrics(self) -> Iterable[Metric]:
        answers = await asyncio.gather(*(self._answers(name) for name in self._pings))
        family = GaugeMetricFamily(NAME, DOCUMENTATION, labels=["dependency"])
        for name, up in zip(self._pings, answers, strict=True):
            family.add_metric([name], up)
        return [family]

    async def _answers(self, name: str) -> bool:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._pings[name]()
        except Exception as error:  # whatever a driver raises, the store does not answer
            self._note(name, up=False, error=repr(error))
            return False
        self._note(name, up=True)
        return True

    def _note(self, name: str, *, up: bool, **more: str) -> None:
        if up != self._up[name]:
            self._up[name] = up
            tell = log.info if up else log.error
            tell("dependency_back" if up else "dependency_away", dependency=name, **more)


def watch_dependencies(settings: CommonSettings, stack: AsyncExitStack) -> None:
    """Connects to nothing before the first scrape; without metrics to none at all."""
    if not settings.metrics_listen or settings.store_metrics_seconds <= 0:
        return
    database = mongo.shared(settings, stack)
    pings: dict[str, Ping] = {"mongodb": lambda: database.admin.command("ping")}
    urls = {"redis-cache": settings.cache_url}
    if settings.uses_queue:
        urls["redis-queue"] = settings.redis_url
    for name, url in urls.items():
        pings[name] = probe(url, settings, stack).ping
    serve_asked(Dependencies(pings).metrics, stack, kept=settings.store_metrics_seconds)


def probe(url: str, settings: CommonSettings, stack: AsyncExitStack) -> redis.Redis:
    """A client of one connection, for questions about the store itself."""
    options = {"socket_timeout": PATIENCE_SECONDS, "max_connections": 1, "health_check_interval": 0}
    client = redis.connect(url, settings, retry=redis.NO_RETRY, **options)
    stack.push_async_callback(client.aclose)
    return client
