from collections.abc import Sequence

import numpy as np
from lectern.inference.v1 import generation_pb2, generation_pb2_grpc

from kit.auth.caller import Caller
from kit.channel import Peer
from services.gateway.support.vectors import Embedded

SECONDS = 10.0


class GrpcEmbeddings:
    """Vectors from the inference service, over gRPC."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._stub = peer.stub(generation_pb2_grpc.GenerationServiceStub)

    async def embed(self, caller: Caller, course: str, texts: Sequence[str]) -> Embedded:
        # Sentences and what they are held against are of one kind: neither asks for the other.
        request = generation_pb2.EmbedRequest(texts=texts, query=True, course=course)
        # Asked once: an answer waits for it, and words decide where it fails.
        made = await self._peer.call(self._stub.Embed, request, caller, timeout=SECONDS, idempotent=False)
        return Embedded(made.model, np.array([vector.values for vector in made.vectors], dtype=np.float32))
