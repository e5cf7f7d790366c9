"""The composition root of the threads service."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta

import structlog
from lectern.threads.v1 import threads_pb2_grpc, turns_pb2_grpc

from kit import mongo, redis
from kit.errors import LecternError
from kit.outage import Outage
from kit.pagination import PageTokens
from kit.server import Mount
from kit.turnlog.ports import Bulletin, TurnLog
from kit.turnlog.redis_bulletin import RedisBulletin
from kit.turnlog.redis_log import RedisTurnLog
from kit.turnlog.wakes import Wakes
from services.threads.adapters.announcing import Announcements, Bulletins, StalePages
from services.threads.adapters.cached import CachedThreads
from services.threads.adapters.memory.hot import MemoryHotThreads
from services.threads.adapters.mongo.database import Database
from services.threads.adapters.mongo.owners import MongoOwners
from services.threads.adapters.mongo.search import MongoTurnSearch
from services.threads.adapters.mongo.threads import MongoThreads
from services.threads.adapters.mongo.turns import MongoTurns
from services.threads.adapters.outages import SteadyHotThreads, SteadyPageCache
from services.threads.adapters.redis.hot import RedisHotThreads
from services.threads.adapters.redis.pages import RedisPageCache
from services.threads.adapters.tail import LoggedTail
from services.threads.ports import HotThreads, Owners, ThreadObserver, ThreadStore, TurnSearch, TurnStore
from services.threads.service.conversations import Conversations
from services.threads.service.orphans import Orphans
from services.threads.service.search import Search
from services.threads.service.turns import Turns
from services.threads.servicer import ThreadServicer
from services.threads.settings import ThreadsSettings
from services.threads.turn_servicer import TurnServicer
from services.threads.watching import Watching

PREPARE_AGAIN_SECONDS = 1.0

log = structlog.get_logger()


@dataclass(frozen=True)
class Truth:
    """What stands in MongoDB."""

    threads: ThreadStore
    turns: TurnStore
    owners: Owners
    search: TurnSearch


@dataclass(frozen=True)
class Fast:
    """What stands in Redis: it may be away, and nothing is lost with it."""

    hot: HotThreads
    pages: SteadyPageCache | None
    log: TurnLog
    bulletin: Bulletin
    outage: Outage


async def build(settings: ThreadsSettings, stack: AsyncExitStack) -> Sequence[Mount]:
    """Opens the databases and puts the service together; waits for MongoDB, but not for Redis."""
    truth = _truth(await _database(settings, stack), settings)
    fast = _fast(settings, stack)
    return [
        Mount(threads_pb2_grpc.add_ThreadServiceServicer_to_server, _public(settings, truth, fast)),
        Mount(turns_pb2_grpc.add_TurnServiceServicer_to_server, _internal(settings, truth, fast)),
    ]


def _public(settings: ThreadsSettings, truth: Truth, fast: Fast) -> ThreadServicer:
    tokens = PageTokens(settings.internal_secret)
    threads = truth.threads if fast.pages is None else CachedThreads(truth.threads, fast.pages)
    conversations = Conversations(
        threads=threads, turns=truth.turns, hot=fast.hot, observer=_observer(fast), tokens=tokens
    )
    search = Search(threads=threads, turns=truth.search, tokens=tokens)
    watching = Watching(truth.turns, fast.log, fast.bulletin, heartbeat=settings.watch_heartbeat_seconds)
    return ThreadServicer(conversations, search, watching)


def _internal(settings: ThreadsSettings, truth: Truth, fast: Fast) -> TurnServicer:
    observer = _observer(fast)
    orphans = Orphans(
        turns=truth.turns,
        owners=truth.owners,
        tail=LoggedTail(fast.log),
        observer=observer,
        owner_lease=settings.owner_lease_seconds,
    )
    turns = Turns(
        threads=truth.threads,
        turns=truth.turns,
        owners=truth.owners,
        hot=fast.hot,
        orphans=orphans,
        observer=observer,
        concurrency=settings.turn_concurrency,
        queue_limit=settings.turn_queue_limit,
        owner_lease=settings.owner_lease_seconds,
    )
    return TurnServicer(turns, orphans)


def _truth(database: Database, settings: ThreadsSettings) -> Truth:
    return Truth(
        threads=MongoThreads(database),
        turns=MongoTurns(database, abandoned_after=timedelta(seconds=settings.turn_abandoned_seconds)),
        owners=MongoOwners(database),
        search=MongoTurnSearch(database),
    )


async def _database(settings: ThreadsSettings, stack: AsyncExitStack) -> Database:
    client = mongo.connect(settings)
    stack.push_async_callback(client.close)
    database = Database(client, settings.threads_database)
    while True:
        try:
            await database.prepare()
        except LecternError as error:
            log.warning("waiting for MongoDB", cause=error.message)
            await asyncio.sleep(PREPARE_AGAIN_SECONDS)
        else:
            return database


def _fast(settings: ThreadsSettings, stack: AsyncExitStack) -> Fast:
    client = redis.connect(settings.cache_url, settings)
    stack.push_async_callback(client.aclose)
    wakes = Wakes(client)
    stack.push_async_callback(wakes.close)
    outage = Outage("redis", client.ping)
    hot: HotThreads = MemoryHotThreads(life=settings.thread_hot_seconds)
    pages: SteadyPageCache | None = None
    if not settings.disable_cache:
        hot = SteadyHotThreads(RedisHotThreads(client, life=settings.thread_hot_seconds), hot, outage)
        pages = SteadyPageCache(RedisPageCache(client, life=settings.thread_list_cache_seconds), outage)
    return Fast(hot, pages, RedisTurnLog(client, wakes), RedisBulletin(client, wakes), outage)


def _observer(fast: Fast) -> Announcements:
    observers: list[ThreadObserver] = [Bulletins(fast.bulletin, fast.outage)]
    if fast.pages is not None:
        observers.append(StalePages(fast.pages))
    return Announcements(observers)
