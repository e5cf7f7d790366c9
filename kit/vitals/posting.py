import asyncio
import contextlib
import socket
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import structlog
from prometheus_client import REGISTRY, CollectorRegistry

from kit import redis
from kit.errors import Unavailable
from kit.outage import Outage
from kit.settings import CommonSettings
from kit.vitals.ports import VitalsBoard
from kit.vitals.reading import vitals
from kit.vitals.redis import RedisVitals

log = structlog.get_logger()

EVERY_SECONDS = 15.0
KEPT_SECONDS = 3 * EVERY_SECONDS


def connect_board(settings: CommonSettings, stack: AsyncExitStack) -> RedisVitals:
    """The fleet's board, on the cache's Redis."""
    client = redis.connect(settings.cache_url, settings, retry=redis.NO_RETRY, socket_timeout=1.0, max_connections=2)
    stack.push_async_callback(client.aclose)
    return RedisVitals(client, Outage("vitals", client.ping))


@asynccontextmanager
async def posting(name: str, board: VitalsBoard, metrics: CollectorRegistry = REGISTRY) -> AsyncIterator[None]:
    """Posts the process's vitals for as long as the block lasts."""
    instance = f"{name}-{socket.gethostname()}-{uuid.uuid4().hex[:8]}"
    posts = asyncio.create_task(_posts(name, instance, board, metrics))
    try:
        yield
    finally:
        posts.cancel()
        await asyncio.wait({posts})


async def _posts(name: str, instance: str, board: VitalsBoard, metrics: CollectorRegistry) -> None:
    connected = False
    while True:
        with contextlib.suppress(Unavailable):
            await board.post(vitals(name, instance, metrics), KEPT_SECONDS)
            if not connected:
                connected = True
                log.info("redis_connected", store="cache")
        await asyncio.sleep(EVERY_SECONDS)
