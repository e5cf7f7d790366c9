"""The composition root of inference: the one place that builds its clients and layers."""

import os
from collections.abc import Sequence
from contextlib import AsyncExitStack

from lectern.inference.v1 import generation_pb2_grpc

from kit.server import Mount
from services.inference.adapters.memory_health import MemoryHealth
from services.inference.adapters.openai_chat import OpenAIChat
from services.inference.adapters.openai_clients import OpenAIClients
from services.inference.adapters.openai_embeddings import OpenAIEmbeddings
from services.inference.configuration import providers
from services.inference.model.generation import Purpose
from services.inference.model.providers import BULK, QUICK, Timeouts
from services.inference.ports import Generator
from services.inference.service.catalog import Catalog
from services.inference.service.degraded import Degrading
from services.inference.service.embedding import Embedding
from services.inference.service.failover import Failover
from services.inference.service.generation import Generation
from services.inference.service.layers import Coalescing
from services.inference.service.prompts import Prompts
from services.inference.servicer import GenerationServicer
from services.inference.settings import InferenceSettings


async def build(settings: InferenceSettings, stack: AsyncExitStack) -> Sequence[Mount]:
    """Every layer around the call to a model, and the servicers over them."""
    embeddings = (settings.embeddings_base_url, settings.embeddings_model)
    catalog = Catalog(providers(settings.providers, settings.prices, embeddings, os.environ), timeouts(settings))
    clients = OpenAIClients(catalog.providers)
    stack.push_async_callback(clients.close)
    health = MemoryHealth()
    prompts = Prompts(max_tokens(settings))
    generator: Generator = Failover(catalog, OpenAIChat(clients), health, prompts.continuation)
    generator = Coalescing(generator, settings.coalesce_ms / 1000)
    generator = Degrading(generator)
    servicer = GenerationServicer(
        Generation(catalog, prompts, generator), Embedding(catalog, OpenAIEmbeddings(clients), health)
    )
    return [Mount(generation_pb2_grpc.add_GenerationServiceServicer_to_server, servicer)]


def timeouts(settings: InferenceSettings) -> dict[str, Timeouts]:
    """The time limits of each class of call; a bulk call may think longer before it begins."""
    connect, first, between = (
        settings.connect_timeout,
        settings.first_token_timeout,
        settings.between_tokens_timeout,
    )
    return {
        "quick": Timeouts(connect, min(first, settings.quick_timeout), between, settings.quick_timeout),
        "chat": Timeouts(connect, first, between, settings.chat_timeout),
        "bulk": Timeouts(connect, 2 * first, 2 * between, settings.bulk_timeout),
    }


def max_tokens(settings: InferenceSettings) -> dict[Purpose, int]:
    def limit(purpose: Purpose) -> int:
        if purpose in QUICK:
            return settings.quick_max_tokens
        return settings.bulk_max_tokens if purpose in BULK else settings.chat_max_tokens

    return {purpose: limit(purpose) for purpose in Purpose}
