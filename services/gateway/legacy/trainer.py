"""`/api/trainer`: chat, health, figures and the cache of contexts."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import orjson
from google.protobuf import json_format
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kit import names
from kit.auth.caller import Caller
from kit.errors import InvalidArgument
from services.gateway import convert
from services.gateway.health.checks import Status
from services.gateway.http.bodies import read_body, while_connected
from services.gateway.http.events import EventStream, begun, data
from services.gateway.legacy.ports import Library
from services.gateway.legacy.redis import RedisParts
from services.gateway.model import Event, Question
from services.gateway.observed import observed, refusals
from services.gateway.service import ChatService, outcome
from services.gateway.stats.gathering import Gathering


class Trainer:
    """The older trainer, over the use cases of chat, knowledge and operations."""

    def __init__(self, chat: ChatService, library: Library, stats: Gathering, parts: RedisParts) -> None:
        self._chat = chat
        self._library = library
        self._stats = stats
        self._parts = parts

    async def chat(self, request: Request, caller: Caller) -> Response:
        """Server-sent turn events where the client accepts them, else the whole answer."""
        with refusals():
            question = _question(request)
        events = observed(self._chat.ask(caller, question))
        if "text/event-stream" in request.headers.get("accept", ""):
            return EventStream(_told(await while_connected(request.receive, begun(events))))
        turn = await outcome(events)
        thread = turn.thread.removeprefix("threads/")
        grounds = convert.grounds_of(turn)
        told = {"citations": grounds["citations"], "finishReason": turn.finish_reason}
        return _success({"response": turn.answer, "threadId": thread, **told})

    async def health(self, _: Request) -> Response:
        """Open to everybody."""
        found = await self._parts.examiner.examination()
        redis = all(part.status is Status.HEALTHY for part in found.parts if part.name.startswith("redis"))
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        body = {"status": found.status.value.lower(), "redis": redis, "timestamp": now}
        well = found.status is not Status.UNHEALTHY
        return JSONResponse({"success": well, "data": body}, 200 if well else 503)

    async def stats(self, _: Request, caller: Caller) -> Response:
        stats = await self._stats.stats()
        memory = {"rss": stats.memory_bytes, "processes": len(stats.processes)}
        redis = (await self._parts.state("redis-cache"))["ready"]
        figures = {"activeThreads": stats.active_threads, "cacheHitRate": round(stats.context_hit_rate, 4)}
        return _success({**figures, "memory": memory, "redis": redis})

    async def preload(self, request: Request, caller: Caller) -> Response:
        """The course of the body's `courseId`, or the most popular ones."""
        made = await self._library.preload(caller, _course_of(await read_body(request)))
        return _success({"courses": made.courses, "videos": made.videos})

    async def clear(self, request: Request, caller: Caller) -> Response:
        course = request.path_params["course"]
        return _success({"courseId": course, "cleared": await self._library.clear(caller, course)})


def _question(request: Request) -> Question:
    query = request.query_params
    course = query.get("courseId", "").removeprefix("courses/")
    names.parse("{course}", course, "courseId")
    return Question(f"courses/{course}", query.get("videoUrl", ""), query.get("message", ""))


def _course_of(body: bytes) -> str:
    """The `courseId` of a JSON body that may be missing."""
    try:
        found: Any = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise InvalidArgument("the body is not JSON") from error
    course = found.get("courseId", "") if isinstance(found, dict) else None
    if not isinstance(course, str):
        raise InvalidArgument("courseId must be a string", field="courseId")
    return course.removeprefix("courses/")


async def _told(events: AsyncGenerator[Event, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(events):
        async for event in events:
            yield data(json_format.MessageToDict(convert.event_to_proto(event)))


def _success(body: dict[str, Any]) -> JSONResponse:
    return JSONResponse({"success": True, "data": body})
