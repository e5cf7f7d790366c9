"""The composition root of inference: the one place that builds its clients and layers."""

import os
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from lectern.inference.v1 import generation_pb2_grpc, operations_pb2_grpc, user_data_pb2_grpc

from kit import mongo, redis
from kit.breaker.database import database_guard
from kit.breaker.memory import MemoryBoard
from kit.breaker.metrics import NUMBERS, OF_MODELS, STATE
from kit.breaker.model import Rule
from kit.breaker.ports import Board
from kit.breaker.roster import PROVIDERS, connect_roster, posting
from kit.breaker.shared import SharedBoard
from kit.server import Mount
from kit.telemetry.live import LiveGauge
from kit.turnlog.redis_log import RedisTurnLog
from kit.turnlog.wakes import Wakes
from services.inference.adapters.memory_limits import MemoryLimits
from services.inference.adapters.mongo_ledger import MongoLedger
from services.inference.adapters.observed import Latencies, ObservedChat, ObservedEmbeddings
from services.inference.adapters.openai_chat import OpenAIChat
from services.inference.adapters.openai_clients import OpenAIClients
from services.inference.adapters.openai_embeddings import OpenAIEmbeddings
from services.inference.adapters.redis_flights import RedisFlights
from services.inference.adapters.redis_limits import RedisLimits
from services.inference.adapters.redis_link import RedisLink
from services.inference.configuration import max_tokens, providers, timeouts
from services.inference.model.providers import Limits
from services.inference.operations_servicer import BudgetServicer, ProviderServicer, UsageServicer
from services.inference.ports import Generator
from services.inference.service.admission import Doorkeeper
from services.inference.service.catalog import Catalog
from services.inference.service.degraded import Degrading
from services.inference.service.embedding import Embedding
from services.inference.service.failover import Failover, Persistence
from services.inference.service.generation import Generation
from services.inference.service.operations import Providers, Spending
from services.inference.service.prompts import Prompts
from services.inference.service.single_flight import SingleFlight
from services.inference.servicer import GenerationServicer
from services.inference.settings import InferenceSettings
from services.inference.user_data_servicer import UserDataServicer

FLIGHT_LOG_SECONDS = 15
SPEND_LIMIT = LiveGauge(
    "lectern_spend_micros_per_day_limit", "What a day may cost, in millionths of a US dollar", combine=max
)


@dataclass(frozen=True)
class Outside:
    """What the layers stand on."""

    catalog: Catalog
    clients: OpenAIClients
    redis: redis.Redis
    link: RedisLink
    breakers: Board
    ledger: MongoLedger
    door: Doorkeeper
    latencies: Latencies


async def build(settings: InferenceSettings, stack: AsyncExitStack) -> Sequence[Mount]:
    """The servicers over every layer around the call to a model."""
    outside = await _outside(settings, stack)
    prompts = Prompts(max_tokens(settings), settings.prompt_version)
    generation = Generation(outside.catalog, prompts, _layers(settings, stack, outside, prompts.continuation))
    embeddings = ObservedEmbeddings(OpenAIEmbeddings(outside.clients))
    embedding = Embedding(outside.catalog, embeddings, outside.breakers, outside.door, settings.queue_seconds)
    status = Providers(outside.catalog, outside.breakers, outside.latencies.of)
    spending = Spending(outside.ledger)
    return [
        Mount(generation_pb2_grpc.add_GenerationServiceServicer_to_server, GenerationServicer(generation, embedding)),
        Mount(operations_pb2_grpc.add_ProviderServiceServicer_to_server, ProviderServicer(status)),
        Mount(operations_pb2_grpc.add_UsageServiceServicer_to_server, UsageServicer(spending)),
        Mount(user_data_pb2_grpc.add_UserDataServiceServicer_to_server, UserDataServicer(spending)),
        Mount(operations_pb2_grpc.add_BudgetServiceServicer_to_server, BudgetServicer(spending)),
    ]


async def _outside(settings: InferenceSettings, stack: AsyncExitStack) -> Outside:
    catalog = Catalog(providers(settings, os.environ), timeouts(settings))
    clients = OpenAIClients(catalog.providers)
    stack.push_async_callback(clients.close)
    cache = redis.connect(settings.cache_url, settings)
    stack.push_async_callback(cache.aclose)
    link = RedisLink(cache)
    breakers = await stack.enter_async_context(_breakers(settings, cache))
    stack.callback(STATE.watch(lambda: _states(catalog, breakers)))
    stack.callback(OF_MODELS.watch(lambda: _states_of_models(catalog, breakers)))
    if settings.spend_dollars_per_day:
        stack.callback(SPEND_LIMIT.watch_one(lambda: settings.spend_dollars_per_day * 1_000_000))
    await stack.enter_async_context(posting(connect_roster(settings, stack), catalog.breakers()))
    ledger = _ledger(settings, stack)
    door = Doorkeeper(RedisLimits(cache, link, MemoryLimits()), ledger, *_allowances(settings))
    stack.push_async_callback(door.close)
    return Outside(catalog, clients, cache, link, breakers, ledger, door, Latencies())


def _layers(settings: InferenceSettings, stack: AsyncExitStack, outside: Outside, continuation: str) -> Generator:
    """What is around the call to a model, innermost first."""
    chat = ObservedChat(OpenAIChat(outside.clients, settings.coalesce_ms / 1000), outside.latencies)
    how = Persistence(continuation, settings.queue_seconds)
    generator: Generator = Failover(outside.catalog, chat, outside.breakers, outside.door, how)
    generator = shared = _single_flight(settings, stack, outside, generator)
    stack.push_async_callback(shared.close)
    return Degrading(generator)  # outermost: an answer without a model is neither shared nor kept


def _single_flight(
    settings: InferenceSettings, stack: AsyncExitStack, outside: Outside, inner: Generator
) -> SingleFlight:
    wakes = Wakes(outside.redis)
    stack.push_async_callback(wakes.close)
    kept = 0.0 if settings.disable_cache else settings.answer_cache_seconds
    flights = RedisFlights(outside.redis, outside.link, settings.flight_lease_seconds, kept)
    logbook = RedisTurnLog(outside.redis, wakes, ended_ttl=FLIGHT_LOG_SECONDS)
    return SingleFlight(inner, flights, logbook, outside.catalog)


def _ledger(settings: InferenceSettings, stack: AsyncExitStack) -> MongoLedger:
    client = mongo.shared(settings, stack)
    ledger = MongoLedger(client[settings.inference_database], database_guard())
    stack.push_async_callback(ledger.close)
    return ledger


def _breakers(settings: InferenceSettings, cache: redis.Redis) -> SharedBoard:
    rule = Rule(
        settings.breaker_share, settings.breaker_minimum, settings.breaker_window, settings.breaker_open_seconds
    )
    return SharedBoard(cache, MemoryBoard(rule), prefix=PROVIDERS)


def _states(catalog: Catalog, breakers: SharedBoard) -> dict[tuple[str, ...], float]:
    return {
        (provider.name,): max(NUMBERS[breakers.state(route)] for route in provider.routes)
        for provider in catalog.providers
    }


def _states_of_models(catalog: Catalog, breakers: SharedBoard) -> dict[tuple[str, ...], float]:
    """By class: one whose provider is away is served by the next, and embeddings answer nobody."""
    return {
        (model_class,): min(NUMBERS[breakers.state(route)] for route in routes)
        for model_class, routes in catalog.breakers().items()
        if routes
    }


def _allowances(settings: InferenceSettings) -> tuple[Limits, Limits]:
    """What a user and what a tenant is allowed in a minute."""
    return (
        Limits(settings.user_requests_per_minute, settings.user_tokens_per_minute),
        Limits(settings.tenant_requests_per_minute, settings.tenant_tokens_per_minute),
    )
