"""Opens what the threads service and its worker stand on."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta

import structlog

from kit import mongo, redis
from kit.breaker.database import database_guard, guarded
from kit.channel import Peer
from kit.errors import LecternError
from kit.jobs.work import Actors
from kit.outage import Outage
from kit.pagination import PageTokens
from kit.turnlog.ports import Bulletin, TurnLog
from kit.turnlog.redis_bulletin import RedisBulletin
from kit.turnlog.redis_log import RedisTurnLog
from kit.turnlog.wakes import Wakes
from kit.writing.writers import InferenceWriter
from services.threads.actors import ThreadActors
from services.threads.adapters.announcing import Announcements, Bulletins, StalePages
from services.threads.adapters.memory.hot import MemoryHotThreads
from services.threads.adapters.mongo.database import Database
from services.threads.adapters.mongo.insights import MongoInsights
from services.threads.adapters.mongo.owners import MongoOwners
from services.threads.adapters.mongo.records import MongoRecords
from services.threads.adapters.mongo.reports import MongoReports
from services.threads.adapters.mongo.search import MongoTurnSearch
from services.threads.adapters.mongo.threads import MongoThreads
from services.threads.adapters.mongo.turns import MongoTurns
from services.threads.adapters.outages import NearHotThreads, SteadyHotThreads, SteadyPageCache
from services.threads.adapters.redis.hot import RedisHotThreads
from services.threads.adapters.redis.pages import RedisPageCache
from services.threads.ports import (
    HotThreads,
    IdleThreads,
    InsightStore,
    Owners,
    ReportStore,
    ThreadObserver,
    ThreadStore,
    TurnSearch,
    TurnStore,
)
from services.threads.ports.records import RecordStore
from services.threads.service.conversations import Conversations
from services.threads.service.insights.recording import Recording
from services.threads.service.reports.writing import Reporting
from services.threads.service.retention import Retention
from services.threads.service.titling import Titling
from services.threads.settings import ThreadsSettings

PREPARE_AGAIN_SECONDS = 1.0
# So that an id that is used is also used in Redis before it expires there.
NEAR_SECONDS = 600.0

log = structlog.get_logger()


@dataclass(frozen=True)
class Truth:
    """What stands in MongoDB."""

    threads: ThreadStore
    turns: TurnStore
    owners: Owners
    search: TurnSearch
    reports: ReportStore
    records: RecordStore
    insights: InsightStore
    idle: IdleThreads


@dataclass(frozen=True)
class Fast:
    """What stands in Redis: it may be away, and nothing is lost with it."""

    hot: HotThreads
    pages: SteadyPageCache | None
    log: TurnLog
    bulletin: Bulletin
    outage: Outage


async def open_truth(settings: ThreadsSettings, stack: AsyncExitStack) -> Truth:
    """Waits for MongoDB."""
    database, guard = await _database(settings, stack), database_guard()
    threads = guarded(MongoThreads(database), guard)
    turns = MongoTurns(database, abandoned_after=timedelta(seconds=settings.turn_abandoned_seconds))
    stack.push_async_callback(turns.close)
    return Truth(
        threads=threads,
        turns=guarded(turns, guard),
        owners=guarded(MongoOwners(database), guard),
        search=guarded(MongoTurnSearch(database), guard),
        reports=guarded(MongoReports(database), guard),
        records=guarded(MongoRecords(database, keep=timedelta(days=settings.record_days)), guard),
        insights=guarded(MongoInsights(database), guard),
        idle=threads,
    )


def open_fast(settings: ThreadsSettings, stack: AsyncExitStack) -> Fast:
    """Waits for nothing; connects when first used."""
    client = redis.connect(settings.cache_url, settings)
    stack.push_async_callback(client.aclose)
    wakes = Wakes(client)
    stack.push_async_callback(wakes.close)
    outage = Outage("redis", client.ping)
    hot: HotThreads = MemoryHotThreads(life=settings.thread_hot_seconds)
    pages: SteadyPageCache | None = None
    if not settings.disable_cache:
        shared = SteadyHotThreads(RedisHotThreads(client, life=settings.thread_hot_seconds), hot, outage)
        hot = NearHotThreads(MemoryHotThreads(life=NEAR_SECONDS), shared)
        pages = SteadyPageCache(RedisPageCache(client, life=settings.thread_list_cache_seconds), outage)
    log, bulletin = RedisTurnLog(client, wakes), RedisBulletin(client, wakes)
    return Fast(hot, pages, log, bulletin, outage)


def observer_of(fast: Fast, *others: ThreadObserver) -> Announcements:
    """Tells those who watch, the cache of lists, and others."""
    observers: list[ThreadObserver] = [Bulletins(fast.bulletin, fast.outage), *others]
    if fast.pages is not None:
        observers.append(StalePages(fast.pages))
    return Announcements(observers)


def connect_peer(target: str, settings: ThreadsSettings, stack: AsyncExitStack) -> Peer:
    """Another service."""
    peer = Peer(target, service="threads", secret=settings.internal_secret, tls=settings.tls)
    stack.push_async_callback(peer.close)
    return peer


def open_actors(settings: ThreadsSettings, truth: Truth, fast: Fast, inference: Peer) -> Actors:
    """What jobs of threads are run by."""
    writer, observer = InferenceWriter(inference, settings.bulk_timeout), observer_of(fast)
    tokens = PageTokens(settings.internal_secret)
    conversations = Conversations(
        threads=truth.threads, turns=truth.turns, hot=fast.hot, observer=observer, tokens=tokens
    )
    return ThreadActors(
        Titling(threads=truth.threads, turns=truth.turns, writer=writer, observer=observer),
        Reporting(turns=truth.turns, reports=truth.reports, writer=writer),
        Recording(truth.insights),
        Retention(truth.idle, conversations, days=settings.thread_retention_days),
    ).by_kind()


async def _database(settings: ThreadsSettings, stack: AsyncExitStack) -> Database:
    client = mongo.shared(settings, stack)
    database = Database(client, settings.threads_database)
    while True:
        try:
            await database.prepare()
        except LecternError as error:
            log.warning("waiting_for_mongodb", error=error.message)
            await asyncio.sleep(PREPARE_AGAIN_SECONDS)
        else:
            return database
