"""The context service on real databases, with an inference service whose vectors need no model."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from google.protobuf.duration_pb2 import Duration
from lectern.context.v1 import courses_pb2, courses_pb2_grpc, grounding_pb2, grounding_pb2_grpc
from lectern.inference.v1 import generation_pb2, generation_pb2_grpc

from kit.auth.caller import Caller, Role
from kit.channel import Peer
from kit.process import running
from kit.server import Mount
from kit.settings import CommonSettings
from services.context.adapters.hashing_embedder import HashingEmbedder
from services.context.app import build
from services.context.model import CourseKey
from services.context.settings import ContextSettings

SECRET = "a-secret-between-services-for-tests"
TEACHER = Caller("default", "tess", frozenset({Role.TEACHER}))
STUDENT = Caller("default", "ada")
STRANGER = Caller("elsewhere", "ada", frozenset({Role.TEACHER}))
Format = courses_pb2.ImportVideoRequest.Format


@dataclass
class Vectors(generation_pb2_grpc.GenerationServiceServicer):
    """Serves Embed alone, and counts what it served."""

    model: str = "hashing"
    calls: int = 0
    texts: list[str] = field(default_factory=list)

    async def Embed(self, request: generation_pb2.EmbedRequest, _: Any) -> generation_pb2.EmbedResponse:
        self.calls += 1
        self.texts += request.texts
        made = await HashingEmbedder(self.model).embed(STUDENT, request.texts, CourseKey("", ""), query=request.query)
        rows = (np.frombuffer(vector, dtype=np.float32).tolist() for vector in made.vectors)
        vectors = [generation_pb2.EmbedResponse.Vector(values=row) for row in rows]
        return generation_pb2.EmbedResponse(vectors=vectors, model=self.model)

    async def StreamGenerate(self, request: Any, _: Any) -> AsyncIterator[generation_pb2.StreamGenerateResponse]:
        raise NotImplementedError
        yield


@dataclass(frozen=True)
class Client:
    """One instance of the context service, as its callers see it."""

    peer: Peer
    courses: courses_pb2_grpc.CourseServiceStub
    grounding: grounding_pb2_grpc.GroundingServiceStub
    port: int

    async def create(self, course: str, caller: Caller = TEACHER, **fields: Any) -> courses_pb2.Course:
        wanted = courses_pb2.Course(**{"title": course.title(), **fields})
        request = courses_pb2.CreateCourseRequest(course=wanted, course_id=course)
        return await self.peer.call(self.courses.CreateCourse, request, caller)

    async def bring(
        self, course: str, url: str, transcript: str, *, caller: Caller = TEACHER, **fields: Any
    ) -> courses_pb2.ImportVideoResponse:
        request = courses_pb2.ImportVideoRequest(
            parent=f"courses/{course}", video_url=url, transcript=transcript, **fields
        )
        return await self.peer.call(self.courses.ImportVideo, request, caller, timeout=60)

    async def search(self, course: str, query: str, *, caller: Caller = STUDENT, **fields: Any) -> Sequence[Any]:
        request = courses_pb2.SearchPassagesRequest(parent=f"courses/{course}", query=query, **fields)
        return (await self.peer.call(self.courses.SearchPassages, request, caller)).passages

    async def context(
        self,
        course: str,
        query: str,
        *,
        video_url: str = "",
        position: float | None = None,
        budget: int = 0,
        caller: Caller = STUDENT,
    ) -> grounding_pb2.BuildContextResponse:
        request = grounding_pb2.BuildContextRequest(
            course=f"courses/{course}", query=query, video_url=video_url, token_budget=budget
        )
        if position is not None:
            request.position.CopyFrom(Duration(seconds=int(position)))
        return await self.peer.call(self.grounding.BuildContext, request, caller, timeout=20)


@asynccontextmanager
async def vector_server(vectors: Vectors) -> AsyncIterator[str]:
    """The target of an inference service that does nothing but embed."""

    async def mounts(_: CommonSettings, __: AsyncExitStack) -> Sequence[Mount]:
        return [Mount(generation_pb2_grpc.add_GenerationServiceServicer_to_server, vectors)]

    async with running("inference", CommonSettings(service_secret=SECRET, drain_seconds=0.1), mounts) as server:
        yield f"127.0.0.1:{server.port}"


@asynccontextmanager
async def context_service(settings: ContextSettings) -> AsyncIterator[Client]:
    """A running instance and a client of it."""
    async with running("context", settings, build) as server:
        peer = Peer(f"127.0.0.1:{server.port}", service="gateway", secret=SECRET)
        try:
            yield Client(
                peer,
                peer.stub(courses_pb2_grpc.CourseServiceStub),
                peer.stub(grounding_pb2_grpc.GroundingServiceStub),
                server.port,
            )
        finally:
            await peer.close()


def settings_for(mongodb_uri: str, redis_url: str, inference: str, **changes: Any) -> ContextSettings:
    return ContextSettings(
        mongodb_uri=mongodb_uri,
        redis_url=redis_url,
        inference_target=inference,
        service_secret=SECRET,
        drain_seconds=0.1,
        context_embed_retry_seconds=1,
        **changes,
    )


def seconds(duration: Duration) -> float:
    return duration.seconds + duration.nanos / 1e9
