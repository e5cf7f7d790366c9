"""A real server on a free port: errors, deadlines, auth, cancellation, health, reflection, draining."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from lectern.context.v1 import documents_pb2, documents_pb2_grpc, grounding_pb2, grounding_pb2_grpc
from lectern.inference.v1 import generation_pb2, generation_pb2_grpc

from kit import deadline
from kit.auth.caller import Caller, Role
from kit.auth.tokens import UserTokens
from kit.call import CURRENT, Call, current_call, current_caller
from kit.channel import Peer
from kit.errors import (
    DeadlineExceeded,
    Internal,
    NotFound,
    Reason,
    ResourceExhausted,
    Unauthenticated,
    Unavailable,
)
from kit.process import running
from kit.server import Mount, Server
from kit.settings import CommonSettings

STUDENT = Caller("school", "ana")


class Grounding(grounding_pb2_grpc.GroundingServiceServicer):
    """Does what the query says."""

    async def BuildContext(self, request: grounding_pb2.BuildContextRequest, context: Any) -> Any:
        match request.query:
            case "whoami":
                caller = current_caller()
                return grounding_pb2.BuildContextResponse(video_title=f"{caller.tenant}/{caller.user}/{caller.service}")
            case "left":
                return grounding_pb2.BuildContextResponse(video_title=str(deadline.remaining()))
            case "serialized":
                return grounding_pb2.BuildContextResponse(video_title="kept for the wire").SerializeToString()
            case "missing":
                raise NotFound("no such course", Reason.COURSE_NOT_FOUND, field="course")
            case "full":
                raise ResourceExhausted("come back later", retry_after=7)
            case "slow":
                await asyncio.sleep(60)
        raise ValueError("a secret detail")


class Generation(generation_pb2_grpc.GenerationServiceServicer):
    """Talks until it is stopped."""

    def __init__(self) -> None:
        self.stopped = asyncio.Event()

    async def StreamGenerate(self, request: Any, context: Any) -> AsyncIterator[Any]:
        try:
            while True:
                yield generation_pb2.StreamGenerateResponse(delta="word ")
                await asyncio.sleep(0.01)
        finally:
            self.stopped.set()

    async def Embed(self, request: Any, context: Any) -> Any:
        raise NotImplementedError


@pytest.fixture(params=["socket", "inprocess"])
async def parts(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Server, Peer, Generation]]:
    """A server and a peer of it, behind a socket and within the process."""
    generation = Generation()

    async def build(settings: CommonSettings, stack: AsyncExitStack) -> Sequence[Mount]:
        return [
            Mount(grounding_pb2_grpc.add_GroundingServiceServicer_to_server, Grounding()),
            Mount(generation_pb2_grpc.add_GenerationServiceServicer_to_server, generation),
        ]

    settings = CommonSettings(local=True, drain_seconds=0.1)
    async with running("test", settings, build, "inprocess:test") as server:
        target = "inprocess:test" if request.param == "inprocess" else f"127.0.0.1:{server.port}"
        peer = Peer(target, service="gateway", secret=settings.internal_secret)
        yield server, peer, generation
        await peer.close()


async def ask(peer: Peer, query: str, timeout: float = 5.0) -> str:
    stub = peer.stub(grounding_pb2_grpc.GroundingServiceStub)
    request = grounding_pb2.BuildContextRequest(query=query)
    return (await peer.call(stub.BuildContext, request, STUDENT, timeout=timeout)).video_title


async def test_the_caller_travels_with_the_call(parts: tuple[Server, Peer, Generation]) -> None:
    assert await ask(parts[1], "whoami") == "school/ana/gateway"


async def test_an_answer_that_is_kept_serialized_arrives_as_any_other(parts: tuple[Server, Peer, Generation]) -> None:
    assert await ask(parts[1], "serialized") == "kept for the wire"


async def test_the_deadline_travels_with_the_call(parts: tuple[Server, Peer, Generation]) -> None:
    assert 0 < float(await ask(parts[1], "left", timeout=3.0)) <= 3.0


async def test_errors_of_the_domain_arrive_as_they_left(parts: tuple[Server, Peer, Generation]) -> None:
    with pytest.raises(NotFound) as missing:
        await ask(parts[1], "missing")
    assert missing.value.__cause__ is not missing.value, "an error is not its own cause"
    assert (missing.value.reason, missing.value.field) == (Reason.COURSE_NOT_FOUND, "course")
    with pytest.raises(ResourceExhausted) as full:
        await ask(parts[1], "full")
    assert full.value.retry_after == 7


async def test_a_defect_says_nothing_of_itself(parts: tuple[Server, Peer, Generation]) -> None:
    with pytest.raises(Internal) as failed:
        await ask(parts[1], "boom")
    assert "secret" not in failed.value.message
    assert "request id" in failed.value.message


async def test_a_slow_call_ends_at_its_deadline(parts: tuple[Server, Peer, Generation]) -> None:
    with pytest.raises(DeadlineExceeded):
        await ask(parts[1], "slow", timeout=0.2)


async def test_nobody_and_users_are_kept_out_of_internal_calls(parts: tuple[Server, Peer, Generation]) -> None:
    server, _, _ = parts
    forged = Peer(f"127.0.0.1:{server.port}", service="gateway", secret="some-other-secret-of-32-bytes-or-more")
    with pytest.raises(Unauthenticated):
        await ask(forged, "whoami")
    await forged.close()
    users = UserTokens(secret=CommonSettings(local=True).user_secret, jwks_url="", issuer="lectern", audience="lectern")
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        stub = grounding_pb2_grpc.GroundingServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.BuildContext(
                grounding_pb2.BuildContextRequest(query="whoami"),
                metadata=(("authorization", f"Bearer {users.issue(STUDENT, 60)}"),),
            )
    assert refused.value.code() == grpc.StatusCode.PERMISSION_DENIED


class Documents(documents_pb2_grpc.DocumentServiceServicer):
    """Reads all that comes."""

    async def UploadDocument(self, requests: Any, context: Any) -> documents_pb2.UploadDocumentResponse:
        async for _ in requests:
            pass
        return documents_pb2.UploadDocumentResponse()


@pytest.mark.parametrize("within", [False, True])
async def test_an_upload_that_its_sender_breaks_off_tells_why(within: bool) -> None:
    async def build(settings: CommonSettings, stack: AsyncExitStack) -> Sequence[Mount]:
        return [Mount(documents_pb2_grpc.add_DocumentServiceServicer_to_server, Documents())]  # type: ignore[abstract] # the rest is not called

    async def pieces() -> AsyncIterator[documents_pb2.UploadDocumentRequest]:
        yield documents_pb2.UploadDocumentRequest(chunk=b"%PDF-")
        raise OSError("the disk is gone")

    settings, teacher = CommonSettings(local=True, drain_seconds=0.1), Caller("s", "t", frozenset({Role.TEACHER}))
    async with running("test", settings, build, "inprocess:test") as server:
        target = "inprocess:test" if within else f"127.0.0.1:{server.port}"
        peer = Peer(target, service="gateway", secret=settings.internal_secret)
        upload = peer.stub(documents_pb2_grpc.DocumentServiceStub).UploadDocument
        with pytest.raises(OSError, match="the disk is gone"):
            await peer.upload(upload, pieces(), teacher, timeout=30)
        await peer.close()


async def test_leaving_a_stream_stops_the_servicer(parts: tuple[Server, Peer, Generation]) -> None:
    _, peer, generation = parts
    stub = peer.stub(generation_pb2_grpc.GenerationServiceStub)
    async with aclosing(peer.stream(stub.StreamGenerate, generation_pb2.StreamGenerateRequest(), STUDENT)) as words:
        assert (await anext(words)).delta == "word "
    await asyncio.wait_for(generation.stopped.wait(), 5)


async def test_health_and_reflection_are_open(parts: tuple[Server, Peer, Generation]) -> None:
    server, _, _ = parts
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        health: Any = health_pb2_grpc.HealthStub(channel)
        for name in ("", "lectern.context.v1.GroundingService"):
            answer = await health.Check(health_pb2.HealthCheckRequest(service=name))
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        reflection: Any = reflection_pb2_grpc.ServerReflectionStub(channel)  # type: ignore[arg-type] # typed for the blocking channel alone
        listing = reflection.ServerReflectionInfo(iter([reflection_pb2.ServerReflectionRequest(list_services="")]))
        names = {found.name async for reply in listing for found in reply.list_services_response.service}
    assert {"lectern.context.v1.GroundingService", "grpc.health.v1.Health"} <= names


async def test_a_peer_leaves_an_instance_that_says_so_before_it_refuses(parts: tuple[Server, Peer, Generation]) -> None:
    async def build(settings: CommonSettings, stack: AsyncExitStack) -> Sequence[Mount]:
        return [Mount(grounding_pb2_grpc.add_GroundingServiceServicer_to_server, Grounding())]

    settings = CommonSettings(local=True, leave_seconds=60, drain_seconds=0.1)
    leaving = Server(settings, await build(settings, AsyncExitStack()))
    await leaving.start()
    target = f"ipv4:127.0.0.1:{leaving.port},127.0.0.1:{parts[0].port}"
    peer = Peer(target, service="gateway", secret=settings.internal_secret)
    stop = asyncio.create_task(leaving.stop())
    answers = [await ask(peer, "whoami") for _ in range(40)]
    assert set(answers) == {"school/ana/gateway"}
    assert not stop.done()
    stop.cancel()
    await asyncio.wait({stop})
    assert await ask(peer, "whoami") == "school/ana/gateway"
    await peer.close()


async def test_open_ended_streams_end_at_once_when_the_instance_leaves() -> None:
    settings = CommonSettings(local=True, drain_seconds=60)
    server = Server(settings, [])
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())  # type: ignore[attr-defined]
        messages = aiter(watch)
        assert (await anext(messages)).status == health_pb2.HealthCheckResponse.SERVING
        await asyncio.wait_for(server.stop(), 30)
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await rest(messages)
    assert ended.value.code() == grpc.StatusCode.UNAVAILABLE


async def rest(stream: Any) -> list[Any]:
    return [message async for message in stream]


async def test_what_a_handler_sets_around_itself_stays_its_own(parts: tuple[Server, Peer, Generation]) -> None:
    stub = parts[1].stub(generation_pb2_grpc.GenerationServiceStub)
    call = Call("outer", {}, None, request_id="mine", caller=STUDENT)
    token = CURRENT.set(call)
    try:
        await ask(parts[1], "whoami")
        assert current_call() is call
        stream = parts[1].stream(stub.StreamGenerate, generation_pb2.StreamGenerateRequest(), STUDENT)
        async with aclosing(stream) as words:
            for _ in range(2):
                # Each word is read by another task, as those do who look for silences.
                assert (await asyncio.create_task(_next(words))).delta == "word "
                assert current_call() is call
    finally:
        CURRENT.reset(token)


async def _next(stream: Any) -> Any:
    return await anext(stream)


async def test_a_stream_that_fails_tells_why_after_what_it_said() -> None:
    class Failing(generation_pb2_grpc.GenerationServiceServicer):
        async def StreamGenerate(self, request: Any, context: Any) -> AsyncIterator[Any]:
            yield generation_pb2.StreamGenerateResponse(delta="so far")
            raise ResourceExhausted("no more", retry_after=3)

        async def Embed(self, request: Any, context: Any) -> Any:
            raise NotImplementedError

    async def build(settings: CommonSettings, stack: AsyncExitStack) -> Sequence[Mount]:
        return [Mount(generation_pb2_grpc.add_GenerationServiceServicer_to_server, Failing())]

    settings = CommonSettings(local=True, drain_seconds=0.1)
    async with running("test", settings, build, "inprocess:test") as server:
        for target in ("inprocess:test", f"127.0.0.1:{server.port}"):
            peer = Peer(target, service="gateway", secret=settings.internal_secret)
            stub = peer.stub(generation_pb2_grpc.GenerationServiceStub)
            stream = peer.stream(stub.StreamGenerate, generation_pb2.StreamGenerateRequest(), STUDENT)
            assert (await anext(stream)).delta == "so far"
            with pytest.raises(ResourceExhausted) as failed:
                await anext(stream)
            assert failed.value.retry_after == 3
            await peer.close()


async def test_a_peer_within_the_process_that_has_left_cannot_be_reached() -> None:
    peer = Peer("inprocess:gone", service="gateway", secret="-")
    with pytest.raises(Unavailable):
        await ask(peer, "whoami")
