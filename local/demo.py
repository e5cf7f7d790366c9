"""Asks the sample course two questions, one by each protocol, and collects what came back."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import grpc
import httpx
from google.protobuf.json_format import MessageToDict
from lectern.chat.v1 import chat_pb2, chat_pb2_grpc

_PATIENCE_SECONDS = 120.0


class NoAnswerError(Exception):
    """A turn that ended without an answer."""


@dataclass(frozen=True)
class Question:
    course: str
    video_url: str
    text: str


@dataclass(frozen=True)
class Citation:
    quote: str
    seconds: float
    support: str = ""


@dataclass(frozen=True)
class Answer:
    """`degraded` ones are the passages themselves, because no model answered; `cut` ones were ended by a limit."""

    text: str
    citations: tuple[Citation, ...]
    degraded: bool
    cut: bool = False
    unfounded: int = 0
    statements: int = 0


async def ask_by_rest(client: httpx.AsyncClient, question: Question) -> Answer:
    """The answer as a browser gets it, by server-sent events."""
    body = {"course": question.course, "videoUrl": question.video_url, "message": question.text}
    async with client.stream("POST", "/v1/chat:stream", json=body, timeout=_PATIENCE_SECONDS) as response:
        if response.is_error:
            raise NoAnswerError((await response.aread()).decode())
        return await _answer(_sse(response))


async def ask_by_grpc(target: str, token: str, question: Question) -> Answer:
    """The answer as a gRPC client gets it."""
    request = chat_pb2.StreamTurnRequest(course=question.course, video_url=question.video_url, message=question.text)
    async with grpc.aio.insecure_channel(target) as channel:
        stub = chat_pb2_grpc.ChatServiceStub(channel)
        call = stub.StreamTurn(request, metadata=(("authorization", f"Bearer {token}"),), timeout=_PATIENCE_SECONDS)
        return await _answer(MessageToDict(event) async for event in call)


async def _sse(response: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    async for line in response.aiter_lines():
        if line.startswith("data:"):
            yield json.loads(line.removeprefix("data:"))


async def _answer(events: AsyncIterator[dict[str, Any]]) -> Answer:
    async for event in events:
        if "completed" in event:
            return _read(event["completed"]["turn"])
        if "failed" in event:
            raise NoAnswerError(event["failed"].get("message", "the turn failed"))
    raise NoAnswerError("the stream ended before the answer did")


def _read(turn: dict[str, Any]) -> Answer:
    cited = (
        Citation(
            citation.get("quote", ""), float(citation.get("startOffset", "0s").rstrip("s")), citation.get("support", "")
        )
        for citation in turn.get("citations", [])
    )
    sentences = turn.get("sentences", [])
    return Answer(
        turn.get("answer", ""),
        tuple(cited),
        turn.get("degraded", False),
        turn.get("finishReason") == "length",
        sum(sentence.get("support") == "NOT_FOUND" for sentence in sentences),
        len(sentences),
    )
