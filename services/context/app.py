"""Puts the context service together; the only place that builds clients."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import structlog
from lectern.context.v1 import courses_pb2_grpc, grounding_pb2_grpc, user_data_pb2_grpc
from opentelemetry import metrics

from kit import mongo, redis
from kit.breaker.database import database_guard, guarded
from kit.channel import Peer
from kit.errors import LecternError
from kit.outage import Outage
from kit.pagination import PageTokens
from kit.server import Mount
from services.context.adapters import mongo_upkeep
from services.context.adapters.chroma_index import ChromaIndexes, chroma_client
from services.context.adapters.counted_cache import CountedCache
from services.context.adapters.exact_index import ExactIndexes
from services.context.adapters.fallback_cache import FallbackCache
from services.context.adapters.inference_embedder import InferenceEmbedder
from services.context.adapters.memory_cache import MemoryContextCache, NoContextCache
from services.context.adapters.mongo_courses import MongoCourses
from services.context.adapters.mongo_feed import MongoFeed
from services.context.adapters.mongo_popularity import MongoPopularity
from services.context.adapters.mongo_vectors import MongoVectors
from services.context.adapters.mongo_videos import MongoVideos
from services.context.adapters.redis_cache import RedisContextCache
from services.context.grounding_servicer import GroundingServicer
from services.context.ports import ContextCache, CourseStore, Embedder, VectorIndexes, VideoStore
from services.context.service.courses import Courses
from services.context.service.finding import Finding
from services.context.service.grounding import Grounding
from services.context.service.indexing import Indexing
from services.context.service.loading import Loader
from services.context.service.popularity import Popularity
from services.context.service.preloading import Preloading
from services.context.service.queries import QueryVectors
from services.context.service.search import Search
from services.context.service.shelf import Shelf
from services.context.service.videos import Videos
from services.context.servicer import CourseServicer
from services.context.settings import ContextSettings
from services.context.user_data_servicer import UserDataServicer

UPKEEP_SECONDS = 3600.0
UPKEEP_RETRY_SECONDS = 2.0
CANCEL_AGAIN_SECONDS = 0.5

Count = Callable[[str, str, int], None]

log = structlog.get_logger()


@dataclass(frozen=True)
class _Outside:
    """What the service stands on."""

    client: mongo.Client
    courses: CourseStore
    videos: VideoStore
    feed: MongoFeed
    cache: ContextCache
    indexes: VectorIndexes
    embedder: Embedder


async def build(settings: ContextSettings, stack: AsyncExitStack) -> Sequence[Mount]:
    """The servicers of the process; what they opened is closed by the stack."""
    count = _counter()
    outside = _outside(settings, stack, count)
    shelf = _shelf(settings, outside, lambda result: count("process", result, 1))
    _tell_entries(shelf)
    queries = QueryVectors(outside.embedder)
    stack.push_async_callback(shelf.close)
    stack.push_async_callback(queries.close)

    search = Search(queries, budget=settings.context_vector_budget_ms / 1000)
    popularity = Popularity(MongoPopularity(outside.client))
    stack.push_async_callback(popularity.flush)
    indexing = _indexing(settings, outside)
    courses = Courses(outside.courses, shelf, outside.cache, outside.indexes)
    videos = Videos(courses, outside.videos, shelf, imported=indexing.wake)
    grounding = Grounding(shelf, search, popularity)

    _in_background(stack, outside.feed.run())
    _in_background(stack, indexing.run())
    _in_background(stack, popularity.run(settings.context_popularity_seconds))
    _in_background(stack, _upkeep(outside.client))
    finding, preloading = Finding(grounding, search), Preloading(grounding, popularity)
    servicer = CourseServicer(courses, videos, finding, preloading, PageTokens(settings.internal_secret))
    return [
        Mount(courses_pb2_grpc.add_CourseServiceServicer_to_server, servicer),
        Mount(user_data_pb2_grpc.add_UserDataServiceServicer_to_server, UserDataServicer(courses)),
        Mount(grounding_pb2_grpc.add_GroundingServiceServicer_to_server, GroundingServicer(grounding)),
    ]


def _outside(settings: ContextSettings, stack: AsyncExitStack, count: Count) -> _Outside:
    client = mongo.connect(settings)
    stack.push_async_callback(client.close)
    peer = Peer(settings.inference_target, service="context", secret=settings.internal_secret, tls=settings.tls)
    stack.push_async_callback(peer.close)
    guard = database_guard()
    return _Outside(
        client=client,
        courses=guarded(MongoCourses(client), guard),
        videos=guarded(MongoVideos(client), guard),
        feed=MongoFeed(client),
        cache=_cache(settings, stack, count),
        indexes=_indexes(settings, stack),
        embedder=InferenceEmbedder(peer),
    )


def _shelf(settings: ContextSettings, outside: _Outside, observe: Callable[[str], None]) -> Shelf:
    loader = Loader(
        outside.videos,
        outside.cache,
        outside.indexes,
        seconds=settings.context_cache_seconds,
        incomplete_seconds=settings.context_incomplete_seconds,
    )
    room = 0 if settings.disable_cache else settings.context_cache_passages
    return Shelf(loader, outside.courses, outside.feed, passages=room, observe=observe)


def _indexing(settings: ContextSettings, outside: _Outside) -> Indexing:
    return Indexing(
        MongoVectors(outside.client),
        outside.courses,
        outside.cache,
        outside.embedder,
        seconds=settings.context_embed_sweep_seconds,
        retry_seconds=settings.context_embed_retry_seconds,
    )


def _cache(settings: ContextSettings, stack: AsyncExitStack, count: Count) -> ContextCache:
    if settings.disable_cache:
        return NoContextCache()
    client = redis.connect(settings.cache_url, settings)
    stack.push_async_callback(client.aclose)
    shared = FallbackCache(RedisContextCache(client), MemoryContextCache(), Outage("redis", client.ping))
    return CountedCache(shared, lambda result, entries: count("redis", result, entries))


def _indexes(settings: ContextSettings, stack: AsyncExitStack) -> VectorIndexes:
    if not settings.chroma_url:
        return ExactIndexes()
    token = settings.chroma_token.get_secret_value()
    client = chroma_client(settings.chroma_url, settings.chroma_tenant, settings.chroma_database, token)
    stack.push_async_callback(client.aclose)
    return ChromaIndexes(client)


def _counter() -> Count:
    requests = metrics.get_meter("context").create_counter(
        "lectern_cache_requests", description="Look-ups in the layers of caches"
    )
    return lambda layer, result, number: requests.add(number, {"layer": f"context_{layer}", "result": result})


def _tell_entries(shelf: Shelf) -> None:
    metrics.get_meter("context").create_observable_gauge(
        "lectern_cache_entries",
        [lambda _: [metrics.Observation(len(shelf), {"layer": "context_process"})]],
        description="Entries of caches in the process's own memory",
    )


def _in_background(stack: AsyncExitStack, work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.create_task(work)

    async def end() -> None:
        while not task.done():  # a driver may swallow a cancellation that meets its answer
            task.cancel()
            await asyncio.wait({task}, timeout=CANCEL_AGAIN_SECONDS)

    stack.push_async_callback(end)


async def _upkeep(client: mongo.Client) -> None:
    """Indexes as soon as the database is there, and each hour a look for what was left behind."""
    while True:
        try:
            await mongo_upkeep.ensure_indexes(client)
            await mongo_upkeep.sweep(client)
        except LecternError as error:
            log.warning("upkeep_failed", reason=error.reason)
            await asyncio.sleep(UPKEEP_RETRY_SECONDS)
        else:
            await asyncio.sleep(UPKEEP_SECONDS)
