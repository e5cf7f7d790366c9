"""The gRPC face of inference: translates and delegates."""

from collections.abc import AsyncIterator
from contextlib import aclosing

import grpc
from lectern.inference.v1 import generation_pb2 as pb
from lectern.inference.v1 import generation_pb2_grpc

from kit.call import current_caller
from services.inference import convert
from services.inference.service.embedding import Embedding
from services.inference.service.generation import Generation

Context = grpc.aio.ServicerContext[pb.StreamGenerateRequest, pb.StreamGenerateResponse]
EmbedContext = grpc.aio.ServicerContext[pb.EmbedRequest, pb.EmbedResponse]


class GenerationServicer(generation_pb2_grpc.GenerationServiceServicer):
    def __init__(self, generation: Generation, embedding: Embedding) -> None:
        self._generation, self._embedding = generation, embedding

    async def StreamGenerate(  # type: ignore[override]  # the stubs do not tell asynchronous servicers
        self, request: pb.StreamGenerateRequest, context: Context
    ) -> AsyncIterator[pb.StreamGenerateResponse]:
        async with aclosing(self._generation.stream(current_caller(), convert.request_of(request))) as events:
            async for event in events:
                yield convert.response_of(event)

    async def Embed(  # type: ignore[override]
        self, request: pb.EmbedRequest, context: EmbedContext
    ) -> pb.EmbedResponse:
        vectors = await self._embedding.embed(
            current_caller(), request.texts, query=request.query, course=request.course
        )
        return convert.embeddings_of(vectors)
