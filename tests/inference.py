"""A real inference server for tests, what is asked of it, and what is read from its answers."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import orjson
from lectern.inference.v1 import generation_pb2 as pb
from lectern.inference.v1 import generation_pb2_grpc

from bench.fake_provider.process import Remote
from kit.auth.caller import Caller
from kit.channel import Peer
from kit.process import running
from services.inference.app import build
from services.inference.settings import InferenceSettings

STUDENT = Caller("default", "ada")
SECRET = "a-secret-between-services-for-tests"


def providers_json(*remotes: Remote, **more: Any) -> str:
    return orjson.dumps(
        [
            {
                "name": f"p{number}",
                "baseUrl": remote.base_url,
                "keys": [f"key-{number}"],
                "models": {"default": "fake-model", "embedding": "fake-embedding"},
                **more,
            }
            for number, remote in enumerate(remotes, 1)
        ]
    ).decode()


@asynccontextmanager
async def inference(providers: str, **changes: Any) -> AsyncIterator[Peer]:
    settings = InferenceSettings(providers=providers, service_secret=SECRET, drain_seconds=0.1, **changes)
    async with running("inference", settings, build) as server:
        peer = Peer(f"127.0.0.1:{server.port}", service="gateway", secret=SECRET)
        try:
            yield peer
        finally:
            await peer.close()


def question(text: str = "What is a wave?", **tutoring: Any) -> pb.StreamGenerateRequest:
    source = pb.StreamGenerateRequest.Source(id="p1", text="A wave carries energy, not matter.", label="Waves, 00:12")
    ask = pb.StreamGenerateRequest.Tutoring(course="courses/waves", question=text, sources=[source], **tutoring)
    return pb.StreamGenerateRequest(purpose=pb.PURPOSE_CHAT, tutoring=ask)


async def events_of(
    peer: Peer, request: pb.StreamGenerateRequest, caller: Caller = STUDENT, timeout: float = 20
) -> list[pb.StreamGenerateResponse]:
    stub = peer.stub(generation_pb2_grpc.GenerationServiceStub)
    return [event async for event in peer.stream(stub.StreamGenerate, request, caller, timeout=timeout)]


async def kept_events_of(
    peer: Peer, request: pb.StreamGenerateRequest, caller: Caller = STUDENT
) -> list[pb.StreamGenerateResponse]:
    """The answer as it is kept; until it is, a question joins the call whose end the first one has just heard."""
    while True:
        events = await events_of(peer, request, caller)
        if events[-1].finish.cached:
            return events


def text_of(events: Sequence[pb.StreamGenerateResponse]) -> str:
    return "".join(event.delta for event in events)
