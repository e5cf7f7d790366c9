"""The composition root of inference: the one place that builds its clients and layers."""

import os
from collections.abc import Sequence
from contextlib import AsyncExitStack

from lectern.inference.v1 import generation_pb2_grpc

from kit.breaker.memory import MemoryBoard
from kit.breaker.model import Rule
from kit.breaker.shared import SharedBoard
from kit.redis import Redis, connect
from kit.server import Mount
from kit.turnlog.redis_log import RedisTurnLog
from kit.turnlog.wakes import Wakes
from services.inference.adapters.openai_chat import OpenAIChat
from services.inference.adapters.openai_clients import OpenAIClients
from services.inference.adapters.openai_embeddings import OpenAIEmbeddings
from services.inference.adapters.redis_answers import RedisAnswers
from services.inference.adapters.redis_flights import RedisFlights
from services.inference.adapters.redis_link import RedisLink
from services.inference.configuration import max_tokens, providers, timeouts
from services.inference.ports import Generator
from services.inference.service.cached import Cached
from services.inference.service.catalog import Catalog
from services.inference.service.coalescing import Coalescing
from services.inference.service.degraded import Degrading
from services.inference.service.embedding import Embedding
from services.inference.service.failover import Failover
from services.inference.service.generation import Generation
from services.inference.service.prompts import Prompts
from services.inference.service.single_flight import SingleFlight
from services.inference.servicer import GenerationServicer
from services.inference.settings import InferenceSettings

FLIGHT_LOG_SECONDS = 15


async def build(settings: InferenceSettings, stack: AsyncExitStack) -> Sequence[Mount]:
    """The servicers over every layer around the call to a model."""
    catalog = Catalog(providers(settings, os.environ), timeouts(settings))
    clients = OpenAIClients(catalog.providers)
    stack.push_async_callback(clients.close)
    redis = connect(settings.cache_url, settings)
    stack.push_async_callback(redis.aclose)
    breakers = await stack.enter_async_context(_breakers(settings, redis))
    prompts = Prompts(max_tokens(settings))
    failover = Failover(catalog, OpenAIChat(clients), breakers, prompts.continuation)
    generator = _layers(settings, stack, redis, catalog, failover)
    generation = Generation(catalog, prompts, generator)
    embedding = Embedding(catalog, OpenAIEmbeddings(clients), breakers)
    servicer = GenerationServicer(generation, embedding)
    return [Mount(generation_pb2_grpc.add_GenerationServiceServicer_to_server, servicer)]


def _layers(
    settings: InferenceSettings, stack: AsyncExitStack, redis: Redis, catalog: Catalog, failover: Failover
) -> Generator:
    """What is around the call to a model, innermost first."""
    link = RedisLink()
    wakes = Wakes(redis)
    stack.push_async_callback(wakes.close)
    leases = RedisFlights(redis, link, settings.flight_lease_seconds)
    logbook = RedisTurnLog(redis, wakes, ended_ttl=FLIGHT_LOG_SECONDS)

    generator: Generator = Coalescing(failover, settings.coalesce_ms / 1000)
    generator = shared = SingleFlight(generator, leases, logbook, catalog)
    stack.push_async_callback(shared.close)
    if not settings.disable_cache:
        generator = Cached(generator, RedisAnswers(redis, link, settings.answer_cache_seconds), catalog)
    return Degrading(generator)  # outermost: an answer without a model is neither shared nor kept


def _breakers(settings: InferenceSettings, redis: Redis) -> SharedBoard:
    rule = Rule(
        settings.breaker_share, settings.breaker_minimum, settings.breaker_window, settings.breaker_open_seconds
    )
    return SharedBoard(redis, MemoryBoard(rule), prefix="breaker:provider")
