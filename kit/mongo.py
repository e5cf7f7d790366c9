"""Connections to MongoDB, and its driver's errors as errors of the domain."""

import asyncio
from collections.abc import Awaitable, Hashable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import pymongo.lock
from pymongo import AsyncMongoClient
from pymongo.errors import ConnectionFailure, ExecutionTimeout, NetworkTimeout, PyMongoError, WTimeoutError

from kit.errors import DeadlineExceeded, LecternError, Reason, Unavailable
from kit.settings import CommonSettings
from kit.telemetry import spans
from kit.telemetry.mongo_spans import CommandSpans

Client = AsyncMongoClient[dict[str, Any]]

# The servers tell at once when the primary is another one, and an error has them asked at once:
# the beat in between only shows that the connection lives.
HEARTBEAT_MS = 30_000


async def _wait_for(awaited: Awaitable[bool], timeout: float | None) -> bool:
    """Waits in the caller's own task, as Python 3.12 does.

    Python 3.11's `wait_for` waits in another one, which a cancelled caller may leave behind: it then takes the lock of
    the driver's topology, nobody releases it, and the client is dead.
    """
    async with asyncio.timeout(timeout):
        return await awaited


pymongo.lock.wait_for = _wait_for  # type: ignore[attr-defined,assignment]


def connect(settings: CommonSettings, **options: Any) -> Client:
    """A client of its own, with a bounded pool, time limits and majority writes; it connects when first used."""
    if spans.recorded():
        options = {"event_listeners": [CommandSpans()], **options}
    return AsyncMongoClient(
        settings.mongodb_uri,
        heartbeatFrequencyMS=HEARTBEAT_MS,
        maxPoolSize=settings.mongodb_pool,
        timeoutMS=settings.mongodb_timeout_ms,
        serverSelectionTimeoutMS=settings.mongodb_timeout_ms,
        w="majority",
        journal=True,
        tz_aware=True,
        appname="lectern",
        **options,
    )


@dataclass
class _Shared:
    client: Client
    holders: int = 0


_shared: dict[Hashable, _Shared] = {}


def shared(settings: CommonSettings, stack: AsyncExitStack) -> Client:
    """The client that all holders of the same settings in this event loop share; the last stack to end closes it.

    A client has a pool and tasks of its own, which look around a few times a second even when nobody asks anything.
    """
    key = (asyncio.get_running_loop(), settings.mongodb_uri, settings.mongodb_pool, settings.mongodb_timeout_ms)
    held = _shared.get(key)
    if held is None:
        held = _shared[key] = _Shared(connect(settings))
    held.holders += 1
    stack.push_async_callback(_give_back, key)
    return held.client


async def _give_back(key: Hashable) -> None:
    held = _shared[key]
    held.holders -= 1
    if not held.holders:
        del _shared[key]  # before it closes: whoever opens meanwhile gets another one
        await held.client.close()


@contextmanager
def translated() -> Iterator[None]:
    """Raises errors of the domain for those of the driver, whose messages never leave the process."""
    try:
        yield
    except PyMongoError as error:
        raise domain_error(error) from error


def domain_error(error: PyMongoError) -> LecternError:
    if error.timeout or isinstance(error, (ExecutionTimeout, NetworkTimeout, WTimeoutError)):
        return DeadlineExceeded("the database did not answer in time", Reason.DEPENDENCY_UNAVAILABLE)
    if isinstance(error, ConnectionFailure):
        return Unavailable("the database cannot be reached", retry_after=1)
    return Unavailable("the database refused the operation", retry_after=1)
