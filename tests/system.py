"""The four services as real servers in this process, over real Redis and MongoDB and the fake provider."""

import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from lectern.context.v1 import courses_pb2, courses_pb2_grpc

from bench.fake_provider.process import Remote, fake_provider
from kit.auth.caller import Caller, Role
from kit.auth.tokens import UserTokens
from kit.process import running
from services.context.app import build as build_context
from services.context.settings import ContextSettings
from services.gateway.app import build as build_gateway
from services.gateway.settings import GatewaySettings
from services.inference.app import build as build_inference
from services.inference.settings import InferenceSettings
from services.threads.app import build as build_threads
from services.threads.settings import ThreadsSettings
from tests.servers import free_port

STUDENT = Caller("school", "ana")
TEACHER = Caller("school", "tess", frozenset({Role.TEACHER}))
VIDEO = "https://videos.example.org/waves.mp4"
CAPTIONS = """WEBVTT

00:00:01.000 --> 00:00:04.000
A wave is a disturbance that travels through a medium.

00:00:04.000 --> 00:00:08.000
It carries energy from place to place, but no matter.

00:00:08.000 --> 00:00:12.000
Frequency counts the cycles each second, in hertz.
"""

Metadata = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class System:
    """Where each service and the gateway's HTTP face (`http`) listen, and what tests need to speak with it."""

    ports: dict[str, int]
    provider: Remote
    settings: GatewaySettings

    def channel(self, service: str) -> grpc.aio.Channel:
        return grpc.aio.insecure_channel(f"127.0.0.1:{self.ports[service]}")

    def token(self, caller: Caller, lifetime: float = 600) -> str:
        tokens = UserTokens(secret=self.settings.user_secret, jwks_url="", issuer="lectern", audience="lectern")
        return tokens.issue(caller, lifetime)

    def metadata(self, caller: Caller) -> Metadata:
        return (("authorization", f"Bearer {self.token(caller)}"),)


@asynccontextmanager
async def whole_system(redis_url: str, mongodb_uri: str, **common: Any) -> AsyncIterator[System]:
    """Started in the order of their dependencies; nothing is shared with another call but the two databases.

    With `colocated=True` they call each other as they do where they share a process.
    """
    async with AsyncExitStack() as stack:
        unique, colocated = uuid.uuid4().hex, common.pop("colocated", False)
        provider = await stack.enter_async_context(fake_provider({"text": "A wave carries energy [1]."}))
        shared: dict[str, Any] = {
            "local": True,
            "mongodb_uri": mongodb_uri,
            "redis_url": redis_url,
            "drain_seconds": 0.5,
            **common,
        }
        ports: dict[str, int] = {}

        async def start(name: str, settings: Any, build: Any) -> None:
            within = f"inprocess:{name}-{unique}"
            server = await stack.enter_async_context(running(name, settings, build, within))
            ports[name] = server.port
            shared[f"{name}_target"] = within if colocated else f"127.0.0.1:{server.port}"

        models = (
            '{"chat":"fake","embedding":"fake","quick":"fake-quick","bulk":"fake-bulk","recognition":"fake-seeing"}'
        )
        providers = f'[{{"name":"fake","baseUrl":"{provider.base_url}","models":{models}}}]'
        await start("inference", InferenceSettings(providers=providers, **shared), build_inference)
        await start("context", ContextSettings(**shared), build_context)
        await start("threads", ThreadsSettings(**shared), build_threads)
        ports["http"] = free_port()
        gateway = GatewaySettings(http_listen=f"127.0.0.1:{ports['http']}", **shared)
        await start("gateway", gateway, build_gateway)
        yield System(ports, provider, gateway)


async def make_course(system: System, videos: Sequence[str] = (VIDEO,), caller: Caller = TEACHER) -> str:
    """A course of the caller's tenant with a short lecture per video."""
    async with system.channel("context") as channel:
        courses = courses_pb2_grpc.CourseServiceStub(channel)
        course = await courses.CreateCourse(
            courses_pb2.CreateCourseRequest(
                course=courses_pb2.Course(title="Waves"), course_id=f"waves-{uuid.uuid4().hex[:12]}"
            ),
            metadata=system.metadata(caller),
        )
        for video in videos:
            await courses.ImportVideo(
                courses_pb2.ImportVideoRequest(
                    parent=course.name, video_url=video, format=courses_pb2.ImportVideoRequest.VTT, transcript=CAPTIONS
                ),
                metadata=system.metadata(caller),
            )
    return course.name
