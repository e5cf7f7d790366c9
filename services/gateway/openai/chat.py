"""`POST /chat/completions`, plain and streaming."""

import time
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from kit import names
from kit.auth.caller import Caller
from kit.errors import InvalidArgument, LecternError, Reason, Unavailable
from services.gateway import convert
from services.gateway.http.bodies import read_model, while_connected
from services.gateway.http.events import EventStream, begun, data
from services.gateway.model import Options, Question, SentenceSupport
from services.gateway.observed import refusals
from services.gateway.openai.answers import OrjsonResponse, usage_of
from services.gateway.openai.catalog import Catalog
from services.gateway.openai.errors import error_body
from services.gateway.openai.ports import Completion, Message
from services.gateway.openai.shapes import (
    MAX_SCHEMA_BYTES,
    ChatRequest,
    Grounding,
    ResponseFormat,
    Said,
    TextFormat,
    text_of,
)
from services.gateway.openai.speaking import End, Speaking, Speech
from services.gateway.openai.tuning import check_rest

ROLES = {"developer": "system"}
# Stands for the text in the form of a chunk; no client can have said it.
PLACE = f"text {uuid.uuid4().hex}"


class ChatCompletions:
    """Chat completions by a model alone or, with a course, by its tutor."""

    def __init__(self, speaking: Speaking, catalog: Catalog) -> None:
        self._speaking = speaking
        self._catalog = catalog

    async def create(self, request: Request, caller: Caller) -> Response:
        with refusals():
            asked = await read_model(request, ChatRequest)
            _check(asked)
        speech = await self._speech(caller, asked, request.headers.get("idempotency-key", ""))
        head = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time()), "model": asked.model}
        if not asked.stream:
            return OrjsonResponse(await while_connected(request.receive, _whole(head, speech)))
        usage = bool(asked.stream_options and asked.stream_options.include_usage)
        return EventStream(_chunks(head, await while_connected(request.receive, begun(speech)), include_usage=usage))

    async def _speech(self, caller: Caller, asked: ChatRequest, request_id: str) -> Speech:
        if asked.course:
            with refusals():
                options = _options(asked, await self._catalog.chat_model(asked.model))
                question = question_from(asked, asked.messages[-1], request_id, options)
            return self._speaking.grounded(caller, question)
        options = _options(asked, await self._catalog.chat_model(asked.model))
        messages = tuple(Message(ROLES.get(message.role, message.role), message.text) for message in asked.messages)
        return self._speaking.plain(caller, Completion(messages, options))


def _check(asked: ChatRequest) -> None:
    check_rest(asked)
    for number, message in enumerate(asked.messages):
        for name in ("tool_calls", "function_call"):
            if getattr(message, name):
                raise InvalidArgument("tools are not served here", field=f"messages.{number}.{name}")


def _options(asked: ChatRequest, model: str) -> Options:
    return Options(
        model=model,
        max_tokens=asked.max_completion_tokens or asked.max_tokens or 0,
        temperature=asked.temperature,
        stops=asked.stops,
        json_schema=schema_of(asked.response_format, "response_format", kept=bool(asked.course)),
        parameters=asked.parameters(reasoning_effort=asked.reasoning_effort, verbosity=asked.verbosity),
    )


def question_from(grounding: Grounding, last: Said, request_id: str, options: Options) -> Question:
    """The last message as a question to the tutor; raises InvalidArgument where it is not the user's."""
    names.course_id(grounding.course)
    if last.role != "user":
        raise InvalidArgument("the last message must be the user's", Reason.MESSAGE_EMPTY, field="messages")
    text = text_of(last.content)
    return Question(grounding.course, grounding.video_url, text, request_id, grounding.position, options=options)


def schema_of(wanted: ResponseFormat | TextFormat | None, field: str, *, kept: bool) -> str:
    """The JSON schema that the answer must follow; empty for text.

    Raises InvalidArgument for `field` where the schema is to be `kept` with a question and is too large for that.
    """
    schema = wanted.schema_wanted if wanted else None
    written = orjson.dumps(schema).decode() if schema else ""
    if kept and len(orjson.dumps(written)) > MAX_SCHEMA_BYTES:
        limit = f"with a course, a schema must not exceed {MAX_SCHEMA_BYTES} bytes"
        raise InvalidArgument(limit, Reason.TOO_LARGE, field=field)
    return written


async def _whole(head: dict[str, Any], speech: Speech) -> dict[str, Any]:
    texts: list[str] = []
    async with aclosing(speech) as pieces:
        async for piece in pieces:
            if isinstance(piece, End):
                message = {"role": "assistant", "content": "".join(texts), "refusal": None}
                choice = {"index": 0, "message": message, "finish_reason": piece.finish_reason, "logprobs": None}
                body = {**head, "object": "chat.completion", "choices": [choice], "usage": usage_of(piece)}
                return {**body, **_told(head, piece)}
            if isinstance(piece, str):
                texts.append(piece)
    raise Unavailable("the answer has no end", Reason.STREAM_INTERRUPTED)


async def _chunks(head: dict[str, Any], speech: Speech, *, include_usage: bool) -> AsyncGenerator[bytes, None]:
    head = {**head, "object": "chat.completion.chunk", **({"usage": None} if include_usage else {})}
    yield data({**head, "choices": [_choice({"role": "assistant", "content": ""})]})
    # All chunks of text are alike but for the text: what stands around it is made once.
    before, after = data({**head, "choices": [_choice({"content": PLACE})]}).split(orjson.dumps(PLACE))
    try:
        async with aclosing(speech) as pieces:
            async for piece in pieces:
                if isinstance(piece, str):
                    yield b"%b%b%b" % (before, orjson.dumps(piece), after)
                    continue
                if isinstance(piece, SentenceSupport):
                    support = {"support": convert.sentence_json(piece)}
                    yield data({**head, "choices": [_choice({})], "lectern": support})
                    continue
                head = {**head, **_told(head, piece)}
                end = data({**head, "choices": [_choice({}, piece.finish_reason)]})
                yield end + data({**head, "choices": [], "usage": usage_of(piece)}) if include_usage else end
    except LecternError as error:
        yield data(error_body(error))
    yield b"data: [DONE]\n\n"


def _choice(delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": finish_reason, "logprobs": None}


def _told(head: dict[str, Any], end: End) -> dict[str, Any]:
    """The model that answered and, of a grounded answer, where it stands and what it leans on."""
    told = {"model": end.model or head["model"]}
    return {**told, "lectern": convert.grounds_of(end.turn)} if end.turn else told
