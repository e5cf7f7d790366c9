"""Models for clients of the OpenAI-compatible endpoints, over gRPC."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from lectern.inference.v1 import generation_pb2, generation_pb2_grpc, operations_pb2, operations_pb2_grpc

from kit.auth.caller import Caller
from kit.auth.service_tokens import on_behalf_of_nobody
from kit.channel import Peer
from services.gateway.adapters.generation import piece_of
from services.gateway.adapters.options import wishes_of
from services.gateway.model import Delta, Finish, Notice
from services.gateway.openai.ports import Completion, Embedded, Message, Model
from services.gateway.stats.ports import Breaker, BreakerState

EMBEDDING = "embedding"
ROLES = {
    "system": generation_pb2.PromptMessage.SYSTEM,
    "user": generation_pb2.PromptMessage.USER,
    "assistant": generation_pb2.PromptMessage.ASSISTANT,
}


class GrpcModels:
    """The Completions, Embeddings, Models and Breakers of the inference service."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._generation = peer.stub(generation_pb2_grpc.GenerationServiceStub)
        self._providers = peer.stub(operations_pb2_grpc.ProviderServiceStub)

    async def complete(self, caller: Caller, completion: Completion) -> AsyncGenerator[Delta | Notice | Finish, None]:
        request = generation_pb2.StreamGenerateRequest(
            purpose=generation_pb2.PURPOSE_COMPLETION,
            messages=[_message(message) for message in completion.messages],
            **wishes_of(completion.options),
        )
        async with aclosing(self._peer.stream(self._generation.StreamGenerate, request, caller)) as responses:
            async for response in responses:
                yield piece_of(response)

    async def embed(self, caller: Caller, texts: Sequence[str]) -> Embedded:
        request = generation_pb2.EmbedRequest(texts=texts)
        found = await self._peer.call(self._generation.Embed, request, caller, timeout=60, idempotent=True)
        vectors = tuple(tuple(vector.values) for vector in found.vectors)
        return Embedded(vectors, found.model, found.usage.prompt_tokens)

    async def models(self) -> Sequence[Model]:
        models: dict[str, Model] = {}
        for provider in await self._listed():
            for purpose, name in sorted(provider.models.items()):
                model = Model(name, provider.name.removeprefix("providers/"), purpose == EMBEDDING)
                models.setdefault(name, model)
        return list(models.values())

    async def breakers(self) -> Sequence[Breaker]:
        return [_breaker(provider) for provider in await self._listed()]

    async def _listed(self) -> Sequence[operations_pb2.Provider]:
        request, nobody = operations_pb2.ListProvidersRequest(), on_behalf_of_nobody("gateway")
        found = await self._peer.call(self._providers.ListProviders, request, nobody, timeout=5, idempotent=True)
        return found.providers


def _breaker(provider: operations_pb2.Provider) -> Breaker:
    states = {operations_pb2.Provider.BreakerState.Name(key.state) for key in provider.keys}
    state = next((state for state in BreakerState if state.value in states), BreakerState.CLOSED)
    return Breaker(
        provider.name.removeprefix("providers/"),
        state,
        sum(key.requests for key in provider.keys),
        sum(key.failures for key in provider.keys),
    )


def _message(message: Message) -> generation_pb2.PromptMessage:
    return generation_pb2.PromptMessage(role=ROLES[message.role], text=message.text)
