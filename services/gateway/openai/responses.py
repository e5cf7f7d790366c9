"""`/responses`: created plain and streaming, retrieved and deleted where they were kept."""

import time
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kit.auth.caller import Caller
from kit.errors import InvalidArgument, LecternError, Reason, Unavailable
from services.gateway import convert
from services.gateway.http.bodies import read_model, while_connected
from services.gateway.http.events import EventStream, begun, data
from services.gateway.model import Options, SentenceSupport
from services.gateway.observed import refusals
from services.gateway.openai.answers import OrjsonResponse
from services.gateway.openai.catalog import Catalog
from services.gateway.openai.chat import question_from, schema_of
from services.gateway.openai.conversations import Metadata
from services.gateway.openai.dialogue import PREFIX, Dialogue, Dialogues
from services.gateway.openai.errors import error_body
from services.gateway.openai.items import InputMessage, Items, item, items_of, listed, messages_of, unpacked
from services.gateway.openai.ports import Completion, Message
from services.gateway.openai.shapes import MAX_TOKENS, Grounding, TextFormat, Unsupported
from services.gateway.openai.speaking import End, Speaking, Speech
from services.gateway.openai.tuning import Tuned, check_rest


class TextOptions(BaseModel):
    model_config = ConfigDict(extra="allow")

    format: TextFormat | None = None
    verbosity: Annotated[str | None, Field(max_length=32)] = None


class Reasoning(BaseModel):
    model_config = ConfigDict(extra="allow")

    effort: Annotated[str | None, Field(max_length=32)] = None


class ConversationParam(BaseModel):
    id: str


class ResponseRequest(Grounding, Tuned):
    """A response. With `course` the last input message is a question to the course's tutor."""

    model: str
    input: str | Annotated[Items, Field(min_length=1)]
    instructions: str | None = None
    stream: bool = False
    store: bool = True
    max_output_tokens: Annotated[int | None, Field(ge=1, le=MAX_TOKENS)] = None
    reasoning: Reasoning | None = None
    previous_response_id: str | None = None
    conversation: str | ConversationParam | None = None
    metadata: Metadata | None = None
    text: TextOptions | None = None
    tools: Unsupported = None
    background: Unsupported = None

    @property
    def messages(self) -> list[InputMessage]:
        return [InputMessage(role="user", content=self.input)] if isinstance(self.input, str) else self.input

    @property
    def conversation_id(self) -> str:
        found = self.conversation
        return found.id if isinstance(found, ConversationParam) else found or ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request with its past, its input as items, and the response as it is so far."""

    caller: Caller
    past: Dialogue
    new: list[dict[str, Any]]
    response: dict[str, Any]


class Responses:
    """Responses by a model alone or, with a course, by its tutor."""

    def __init__(self, speaking: Speaking, catalog: Catalog, dialogues: Dialogues) -> None:
        self._speaking = speaking
        self._catalog = catalog
        self._dialogues = dialogues

    async def create(self, request: Request, caller: Caller) -> Response:
        with refusals():
            body = await read_model(request, ResponseRequest)
            for part in (body, body.text, body.reasoning):
                if part is not None:
                    check_rest(part)
        if body.conversation_id and body.previous_response_id:
            raise InvalidArgument("name a conversation or a previous response, not both", field="previous_response_id")
        past = await self._dialogues.past(caller, body.conversation_id, body.previous_response_id or "")
        asked = Asked(caller, past, items_of(body.messages), _begun(body))
        speech = await self._speech(asked, body, request.headers.get("idempotency-key", ""))
        if not body.stream:
            return OrjsonResponse(await while_connected(request.receive, self._whole(asked, speech)))
        return EventStream(self._events(asked, await while_connected(request.receive, begun(speech))))

    async def retrieve(self, request: Request, caller: Caller) -> Response:
        record = await self._dialogues.read(caller, request.path_params["response"])
        return Response(record.body, media_type="application/json")

    async def delete(self, request: Request, caller: Caller) -> Response:
        response = request.path_params["response"]
        await self._dialogues.discard(caller, response)
        return JSONResponse({"id": response, "object": "response", "deleted": True})

    async def input_items(self, request: Request, caller: Caller) -> Response:
        """All that the model was told, the latest first."""
        items = unpacked((await self._dialogues.read(caller, request.path_params["response"])).entries)
        return JSONResponse(listed(items[-2::-1]))

    async def _speech(self, asked: Asked, body: ResponseRequest, request_id: str) -> Speech:
        if body.course:
            with refusals():
                options = _options(body, await self._catalog.chat_model(body.model))
                question = question_from(body, body.messages[-1], request_id, options)
            return self._speaking.grounded(asked.caller, question)
        options = _options(body, await self._catalog.chat_model(body.model))
        told = (Message("system", body.instructions),) if body.instructions else ()
        completion = Completion((*told, *messages_of([*asked.past.items, *asked.new])), options)
        return self._speaking.plain(asked.caller, completion)

    async def _whole(self, asked: Asked, speech: Speech) -> dict[str, Any]:
        text = ""
        async with aclosing(speech) as pieces:
            async for piece in pieces:
                if isinstance(piece, End):
                    return await self._ended(asked, item("assistant", text, _status(piece)), piece)
                if isinstance(piece, str):
                    text += piece
        raise Unavailable("the answer has no end", Reason.STREAM_INTERRUPTED)

    async def _ended(self, asked: Asked, said: dict[str, Any], end: End) -> dict[str, Any]:
        """The whole response, kept before it is told."""
        response = {**asked.response, **_outcome(said, end)}
        response["model"] = end.model or response["model"]
        await self._dialogues.keep(asked.caller, asked.past, [*asked.new, said], response)
        return response

    async def _events(self, asked: Asked, speech: Speech) -> AsyncGenerator[bytes, None]:
        said, text, number = item("assistant", "", "in_progress"), "", 0
        place = {"output_index": 0, "item_id": said["id"], "content_index": 0}

        def event(kind: str, **fields: Any) -> bytes:
            nonlocal number
            number += 1
            return data({"type": kind, "sequence_number": number - 1, **fields}, kind)

        yield event("response.created", response=asked.response)
        yield event("response.in_progress", response=asked.response)
        yield event("response.output_item.added", output_index=0, item={**said, "content": []})
        yield event("response.content_part.added", part=said["content"][0], **place)
        try:
            async with aclosing(speech) as pieces:
                async for piece in pieces:
                    if isinstance(piece, str):
                        text += piece
                        yield event("response.output_text.delta", delta=piece, logprobs=[], **place)
                        continue
                    if isinstance(piece, SentenceSupport):
                        yield event("lectern.support", support=convert.sentence_json(piece), **place)
                        continue
                    done = {**item("assistant", text, _status(piece)), "id": said["id"]}
                    response = await self._ended(asked, done, piece)
                    yield event("response.output_text.done", text=text, logprobs=[], **place)
                    yield event("response.content_part.done", part=done["content"][0], **place)
                    yield event("response.output_item.done", output_index=0, item=done)
                    yield event(f"response.{response['status']}", response=response)
        except LecternError as error:
            fault = error_body(error)["error"]
            told = {"code": fault["code"], "message": fault["message"]}
            yield event("response.failed", response={**asked.response, "status": "failed", "error": told})


def _options(body: ResponseRequest, model: str) -> Options:
    effort = body.reasoning.effort if body.reasoning else None
    verbosity = body.text.verbosity if body.text else None
    return Options(
        model=model,
        max_tokens=body.max_output_tokens or 0,
        temperature=body.temperature,
        json_schema=schema_of(body.text.format if body.text else None, "text.format", kept=bool(body.course)),
        parameters=body.parameters(reasoning_effort=effort, verbosity=verbosity),
    )


def _status(end: End) -> str:
    return "incomplete" if end.finish_reason == "length" else "completed"


def _begun(body: ResponseRequest) -> dict[str, Any]:
    return {
        "id": f"{PREFIX}{uuid.uuid4().hex}",
        "object": "response",
        "created_at": int(time.time()),
        "status": "in_progress",
        "model": body.model,
        "instructions": body.instructions,
        "previous_response_id": body.previous_response_id,
        "conversation": {"id": body.conversation_id} if body.conversation_id else None,
        "metadata": body.metadata or {},
        "max_output_tokens": body.max_output_tokens,
        "temperature": body.temperature,
        "store": body.store,
        "output": [],
        "usage": None,
        "error": None,
        "incomplete_details": None,
        "parallel_tool_calls": False,
        "tool_choice": "none",
        "tools": [],
        "top_p": body.top_p,
        "text": body.text.model_dump(by_alias=True, exclude_unset=True) if body.text else {"format": {"type": "text"}},
    }


def _outcome(said: dict[str, Any], end: End) -> dict[str, Any]:
    status = _status(end)
    outcome: dict[str, Any] = {
        "status": status,
        "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
        "output": [said],
        "usage": {
            "input_tokens": end.prompt_tokens,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": end.completion_tokens,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": end.prompt_tokens + end.completion_tokens,
        },
    }
    return {**outcome, "lectern": convert.grounds_of(end.turn)} if end.turn else outcome
