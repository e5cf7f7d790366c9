"""Opens what the context service and its worker stand on."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from kit import mongo, redis
from kit.breaker.database import database_guard, guarded
from kit.channel import Peer
from kit.jobs.work import Actors
from kit.outage import Outage
from kit.telemetry.metrics import LOOKUPS
from kit.writing.ports import Writer
from kit.writing.writers import InferenceWriter
from services.context.actors import ContextActors
from services.context.adapters.chroma_index import ChromaIndexes, chroma_client
from services.context.adapters.counted_cache import CountedCache
from services.context.adapters.document_reader import SpawnedDocumentReader
from services.context.adapters.exact_index import ExactIndexes
from services.context.adapters.fallback_cache import FallbackCache
from services.context.adapters.gridfs_blobs import GridFSBlobs
from services.context.adapters.inference_embedder import InferenceEmbedder
from services.context.adapters.memory_cache import MemoryContextCache, NoContextCache
from services.context.adapters.mongo_courses import MongoCourses
from services.context.adapters.mongo_documents import MongoDocuments
from services.context.adapters.mongo_feed import POLL_MS, MongoFeed
from services.context.adapters.mongo_popularity import MongoPopularity
from services.context.adapters.mongo_sources import MongoSources
from services.context.adapters.mongo_teaching import MongoOutlines, MongoQuizzes
from services.context.adapters.mongo_vectors import MongoVectors
from services.context.adapters.mongo_videos import MongoVideos
from services.context.adapters.redis_cache import RedisContextCache
from services.context.ports import (
    Blobs,
    ContextCache,
    CourseStore,
    DocumentStore,
    Embedder,
    OutlineStore,
    QuizStore,
    SourceStore,
    VectorIndexes,
    VideoStore,
)
from services.context.service.grounding import Grounding
from services.context.service.indexing import Indexing
from services.context.service.ingesting import Ingesting
from services.context.service.loading import Loader
from services.context.service.popularity import Popularity
from services.context.service.preloading import Preloading
from services.context.service.queries import QueryVectors
from services.context.service.recognising import ModelRecogniser
from services.context.service.search import Search
from services.context.service.shelf import Shelf
from services.context.service.teaching.building import Building
from services.context.service.teaching.quizzing import Quizzing
from services.context.settings import ContextSettings

Count = Callable[[str, int], None]


@dataclass(frozen=True)
class Outside:
    """What stands in MongoDB, in Redis, and in other services."""

    client: mongo.Client
    courses: CourseStore
    videos: VideoStore
    documents: DocumentStore
    blobs: Blobs
    sources: SourceStore
    feed: MongoFeed
    cache: ContextCache
    indexes: VectorIndexes
    embedder: Embedder
    quizzes: QuizStore
    outlines: OutlineStore
    writer: Writer


@dataclass(frozen=True)
class Knowing:
    """How courses are known and searched."""

    shelf: Shelf
    search: Search
    popularity: Popularity
    grounding: Grounding
    indexing: Indexing


def open_outside(settings: ContextSettings, stack: AsyncExitStack) -> Outside:
    """Waits for nothing; everything connects when it is first used."""
    client = mongo.shared(settings, stack)
    peer = Peer(settings.inference_target, service="context", secret=settings.internal_secret, tls=settings.tls)
    stack.push_async_callback(peer.close)
    guard = database_guard()
    return Outside(
        client=client,
        courses=guarded(MongoCourses(client), guard),
        videos=guarded(MongoVideos(client), guard),
        documents=guarded(MongoDocuments(client), guard),
        blobs=GridFSBlobs(client),
        sources=guarded(MongoSources(client), guard),
        feed=MongoFeed(client, poll_ms=min(POLL_MS, settings.mongodb_timeout_ms // 2)),
        cache=_cache(settings, stack),
        indexes=_indexes(settings, stack),
        embedder=InferenceEmbedder(peer),
        quizzes=guarded(MongoQuizzes(client), guard),
        outlines=guarded(MongoOutlines(client), guard),
        writer=InferenceWriter(peer, settings.bulk_timeout),
    )


def open_knowing(settings: ContextSettings, outside: Outside, stack: AsyncExitStack) -> Knowing:
    """The shelf is current as long as the feed of changes runs."""
    shelf, queries = _shelf(settings, outside), QueryVectors(outside.embedder)
    stack.push_async_callback(shelf.close)
    stack.push_async_callback(queries.close)
    search = Search(queries, budget=settings.context_vector_budget_ms / 1000)
    popularity = Popularity(MongoPopularity(outside.client))
    indexing = Indexing(
        MongoVectors(outside.client),
        outside.courses,
        outside.cache,
        outside.embedder,
        seconds=settings.context_embed_sweep_seconds,
        retry_seconds=settings.context_embed_retry_seconds,
    )
    return Knowing(shelf, search, popularity, Grounding(shelf, search, popularity), indexing)


def open_actors(settings: ContextSettings, outside: Outside, knowing: Knowing) -> Actors:
    """What jobs of context are run by."""
    reader = SpawnedDocumentReader(memory_mb=settings.pdf_memory_mb, seconds=settings.pdf_seconds)
    quizzing = Quizzing(knowing.grounding, outside.quizzes, outside.writer, settings.bounds)
    return ContextActors(
        Ingesting(
            outside.documents,
            outside.blobs,
            reader,
            knowing.indexing,
            recogniser=ModelRecogniser(outside.writer) if settings.recognition_pages else None,
            most_recognised=settings.recognition_pages,
        ),
        Preloading(knowing.grounding, knowing.popularity),
        quizzing,
        Building(knowing.grounding, outside.documents, outside.outlines, quizzing, outside.writer, settings.bounds),
    ).by_kind()


def _shelf(settings: ContextSettings, outside: Outside) -> Shelf:
    loader = Loader(
        outside.sources,
        outside.cache,
        outside.indexes,
        seconds=settings.context_cache_seconds,
        incomplete_seconds=settings.context_incomplete_seconds,
    )
    room, count = 0 if settings.disable_cache else settings.context_cache_passages, _counter("process")
    return Shelf(loader, outside.courses, outside.feed, passages=room, observe=lambda result: count(result, 1))


def _cache(settings: ContextSettings, stack: AsyncExitStack) -> ContextCache:
    if settings.disable_cache:
        return NoContextCache()
    client = redis.connect(settings.cache_url, settings)
    stack.push_async_callback(client.aclose)
    shared = FallbackCache(RedisContextCache(client), MemoryContextCache(), Outage("redis", client.ping))
    return CountedCache(shared, _counter("redis"))


def _indexes(settings: ContextSettings, stack: AsyncExitStack) -> VectorIndexes:
    if not settings.chroma_url:
        return ExactIndexes()
    token = settings.chroma_token.get_secret_value()
    client = chroma_client(settings.chroma_url, settings.chroma_tenant, settings.chroma_database, token)
    stack.push_async_callback(client.aclose)
    return ChromaIndexes(client)


def _counter(layer: str) -> Count:
    by_result = {result: LOOKUPS.labels(f"context_{layer}", result) for result in ("hit", "miss")}
    return lambda result, number: by_result[result].inc(number)
