"""Opens what jobs stand on, for a process that submits or runs them."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass

import structlog

from kit import mongo, redis
from kit.breaker.database import database_guard, guarded
from kit.errors import LecternError
from kit.jobs.inline import InlineJobs
from kit.jobs.mongo.claims import MongoClaims
from kit.jobs.mongo.database import Database
from kit.jobs.mongo.store import MongoJobs
from kit.jobs.redis.room import RedisRoom
from kit.jobs.redis.signals import RedisChanges, RedisSignals
from kit.jobs.settings import JobsSettings
from kit.jobs.submitting import Jobs
from kit.jobs.work import Actors

PREPARE_AGAIN_SECONDS = 1.0
DAY = 24 * 3600.0

log = structlog.get_logger()


@dataclass(frozen=True)
class Grounds:
    """The database of jobs, their waiting room, and the connection it has to Redis."""

    database: Database
    room: RedisRoom
    changes: RedisChanges
    signals: RedisSignals
    redis: redis.Redis


async def open_grounds(settings: JobsSettings, stack: AsyncExitStack) -> Grounds:
    """Waits for MongoDB, but not for Redis, and sees to the indexes."""
    grounds = connect_grounds(settings, stack)
    await _prepared(grounds.database)
    return grounds


def connect_grounds(settings: JobsSettings, stack: AsyncExitStack, client: mongo.Client | None = None) -> Grounds:
    """Waits for nothing; both connect when they are first used.

    With the `client` of a service, its changes and the jobs that they cause can be one transaction.
    """
    if settings.redis_metered and not settings.redis_cache_url:
        log.warning("metered_redis_caches_too", advice="give caches and turn logs their own: REDIS_CACHE_URL")
    if client is None:
        client = mongo.shared(settings, stack)
    database = Database(client, settings.jobs_database, settings.jobs_retention_days * DAY)
    # One attempt: what Redis does not grant now, the dispatcher grants later.
    queue = redis.connect(settings.redis_url, settings, retry=redis.NO_RETRY, socket_timeout=1.0)
    stack.push_async_callback(queue.aclose)
    room = RedisRoom(queue, settings.jobs_start_seconds)
    changes = RedisChanges(queue, tells_watchers=settings.redis_pace.tells_watchers)
    return Grounds(database, room, changes, RedisSignals(queue), queue)


def open_jobs(settings: JobsSettings, grounds: Grounds, stack: AsyncExitStack, actors: Actors | None = None) -> Jobs:
    """What a process submits by; `actors` are those that it has itself, for when queues are switched off."""
    store = guarded(MongoJobs(grounds.database), database_guard())
    if not settings.disable_queues:
        return Jobs(store, grounds.room, grounds.changes, settings.policies)
    inline = InlineJobs(store, MongoClaims(grounds.database), grounds.changes, settings.policies, actors or Actors())
    stack.push_async_callback(inline.close)
    return inline


async def _prepared(database: Database) -> None:
    while True:
        try:
            await database.prepare()
        except LecternError as error:
            log.warning("waiting_for_mongodb", error=error.message)
            await asyncio.sleep(PREPARE_AGAIN_SECONDS)
        else:
            return
