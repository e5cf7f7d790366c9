import math
from collections.abc import Sequence

import numpy as np
from lectern.inference.v1 import generation_pb2, generation_pb2_grpc

from kit.auth.caller import Caller
from kit.channel import Peer
from services.context.model import CourseKey
from services.context.ports import Embedded

QUERY_SECONDS = 5.0
PASSAGE_SECONDS = 60.0


class InferenceEmbedder:
    """Vectors from the inference service, which knows the models."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._stub = peer.stub(generation_pb2_grpc.GenerationServiceStub)

    async def embed(self, caller: Caller, texts: Sequence[str], course: CourseKey, *, query: bool) -> Embedded:
        name = course.name if course.course else ""
        response = await self._peer.call(
            self._stub.Embed,
            generation_pb2.EmbedRequest(texts=texts, query=query, course=name),
            caller,
            timeout=QUERY_SECONDS if query else PASSAGE_SECONDS,
            idempotent=True,
        )
        return Embedded(response.model, tuple(_unit(vector.values) for vector in response.vectors))


def _unit(values: Sequence[float]) -> bytes:
    vector = np.asarray(values, dtype=np.float32)
    length = math.sqrt(float(vector @ vector))
    return (vector / length if length else vector).tobytes()
