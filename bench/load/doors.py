"""The doors by which a question comes in: gRPC at the gateway, server-sent events at the edge."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp
import grpc
import orjson
from lectern.chat.v1 import chat_pb2, chat_pb2_grpc

PATIENCE_SECONDS = 60.0
# Beyond this many calls at once a connection of HTTP/2 makes the next ones wait.
STUDENTS_PER_CHANNEL = 16


@dataclass(frozen=True, slots=True)
class Question:
    token: str
    course: str
    video_url: str
    text: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Said:
    """What a client reads of an event: text, or the end of the turn."""

    text: str = ""
    thread: str = ""
    answer: str = ""
    failure: str = ""
    degraded: bool = False
    final: bool = False


class DoorError(Exception):
    """The door refused the question, or broke off; the message names the status."""


class Door(Protocol):
    """One way to ask."""

    def ask(self, question: Question) -> AsyncIterator[Said]:
        """The events that matter; raises DoorError."""


class GrpcDoor:
    """The gateway itself."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = chat_pb2_grpc.ChatServiceStub(channel)

    async def ask(self, question: Question) -> AsyncIterator[Said]:
        request = chat_pb2.StreamTurnRequest(
            course=question.course,
            video_url=question.video_url,
            message=question.text,
            request_id=question.request_id,
        )
        metadata = (("authorization", f"Bearer {question.token}"),)
        try:
            async for event in self._stub.StreamTurn(request, metadata=metadata, timeout=PATIENCE_SECONDS):
                yield _of_proto(event)
        except grpc.aio.AioRpcError as error:
            raise DoorError(f"{error.code().name}: {error.details()}") from error


class RestDoor:
    """The edge, as a browser uses it."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str) -> None:
        self._session = session
        self._url = f"{base_url}/v1/chat:stream"

    async def ask(self, question: Question) -> AsyncIterator[Said]:
        body = {
            "course": question.course,
            "videoUrl": question.video_url,
            "message": question.text,
            "requestId": question.request_id,
        }
        headers = {"authorization": f"Bearer {question.token}"}
        try:
            async with self._session.post(self._url, json=body, headers=headers) as response:
                if response.status != 200:
                    raise DoorError(f"HTTP {response.status}: {(await response.text())[:200]}")
                async for line in response.content:
                    if line.startswith(b"data:"):
                        yield of_json(orjson.loads(line[5:]))
        except (aiohttp.ClientError, TimeoutError) as error:
            raise DoorError(f"{type(error).__name__}: {error}") from error


def _of_proto(event: chat_pb2.TurnEvent) -> Said:
    match event.WhichOneof("event"):
        case "delta":
            return Said(text=event.delta.text)
        case "completed":
            turn = event.completed.turn
            return Said(thread=turn.thread, answer=turn.answer, degraded=turn.degraded, final=True)
        case "failed":
            return Said(failure=f"failed: {event.failed.reason}", final=True)
    return Said()


def of_json(event: dict[str, Any]) -> Said:
    """What a line of server-sent events says."""
    if "delta" in event:
        return Said(text=event["delta"].get("text", ""))
    if "completed" in event:
        turn = event["completed"]["turn"]
        return Said(
            thread=turn["thread"], answer=turn.get("answer", ""), degraded=turn.get("degraded", False), final=True
        )
    if "failed" in event:
        return Said(failure=f"failed: {event['failed'].get('reason', '')}", final=True)
    if "error" in event or "code" in event:
        return Said(failure=f"broke off: {event}", final=True)
    return Said()


async def grpc_doors(target: str, students: int, stack: AsyncExitStack) -> Sequence[Door]:
    """A door for each student, few of them on a connection, spread over the gateways of the target."""
    options = (("grpc.lb_policy_name", "round_robin"), ("grpc.use_local_subchannel_pool", 1))
    channels = [
        await stack.enter_async_context(grpc.aio.insecure_channel(target, options=options))
        for _ in range(-(-students // STUDENTS_PER_CHANNEL))
    ]
    return [GrpcDoor(channels[number % len(channels)]) for number in range(students)]


async def rest_doors(base_url: str, students: int, stack: AsyncExitStack) -> Sequence[Door]:
    """A door for each student, with as many kept connections as there are students."""
    timeout = aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
    connector = aiohttp.TCPConnector(limit=students)
    session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector, timeout=timeout))
    return [RestDoor(session, base_url) for _ in range(students)]
