"""Calls to a provider as they stand on the wire: a server that sends exactly these bytes, and sees who leaves."""

import asyncio
import math
from base64 import b64encode
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import orjson
import pytest

from kit.errors import Reason
from services.inference.adapters.openai_chat import OpenAIChat
from services.inference.adapters.openai_clients import OpenAIClients
from services.inference.adapters.openai_embeddings import OpenAIEmbeddings
from services.inference.convert import embeddings_of
from services.inference.model.failures import ProviderFailure, Remedy
from services.inference.model.generation import FLOATS, Message, Speaker, Usage
from services.inference.model.providers import Provider, Route, Timeouts
from services.inference.ports import ChatCall, Piece

STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
STOP = b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
END = b"0\r\n\r\n"


def word(text: str) -> bytes:
    return b"data: " + orjson.dumps({"choices": [{"delta": {"content": text}}]}) + b"\n\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def whole(body: Any, status: str = "200 OK", *headers: str) -> bytes:
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(data)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


class Wire:
    """What the server does with each request in turn, and what it saw."""

    def __init__(self) -> None:
        self.answers: list[list[bytes | asyncio.Event]] = []
        self.heads: list[str] = []
        self.bodies: list[dict[str, Any]] = []
        self.closed = asyncio.Event()
        self.base_url = ""

    def answers_with(self, *parts: bytes | asyncio.Event) -> None:
        self.answers.append(list(parts))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while self.answers:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                size = int(head.partition("content-length: ")[2].partition("\r\n")[0])
                self.heads.append(head)
                self.bodies.append(orjson.loads(await reader.readexactly(size)))
                for part in self.answers.pop(0):
                    if isinstance(part, asyncio.Event):
                        waits = [asyncio.ensure_future(part.wait()), asyncio.ensure_future(reader.read(1))]
                        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                        if waits[1].done():
                            return  # the client has gone
                        waits[1].cancel()
                        await asyncio.wait({waits[1]})
                    else:
                        writer.write(part)
                        await writer.drain()
            writer.write_eof()
            await reader.read()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.closed.set()
            writer.close()


@asynccontextmanager
async def serving(wire: Wire) -> AsyncIterator[None]:
    server = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
    wire.base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield
    finally:
        server.close()


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    wire = Wire()
    async with serving(wire):
        yield wire


@pytest.fixture
async def clients(wire: Wire) -> AsyncIterator[OpenAIClients]:
    opened = OpenAIClients([provider(wire)])
    yield opened
    await opened.close()


def provider(wire: Wire) -> Provider:
    return Provider("p", wire.base_url, ("key-1",), {"default": "m"}, headers={"x-own": "yes"})


@pytest.fixture
def say(wire: Wire, clients: OpenAIClients) -> Callable[..., AsyncGenerator[Piece, None]]:
    def stream(pause: float = 0.0, **more: Any) -> AsyncGenerator[Piece, None]:
        call = ChatCall(Route(provider(wire), 0, "m"), [Message(Speaker.USER, "Why?")], Timeouts(3, 15, 8, 45), **more)
        return OpenAIChat(clients, pause).stream(call)

    return stream


Say = Callable[..., AsyncGenerator[Piece, None]]


async def text_of(pieces: AsyncGenerator[Piece, None]) -> str:
    return "".join([piece.text async for piece in pieces])


async def failure_of(pieces: AsyncGenerator[Piece, None]) -> ProviderFailure:
    with pytest.raises(ProviderFailure) as raised:
        await text_of(pieces)
    return raised.value


async def test_pictures_stand_beside_the_text(wire: Wire, clients: OpenAIClients) -> None:
    wire.answers_with(STREAM, chunk(word("Hi")), chunk(STOP), END)
    messages = [Message(Speaker.SYSTEM, "Transcribe."), Message(Speaker.USER, "The page:", (b"png",))]
    call = ChatCall(Route(provider(wire), 0, "m"), messages, Timeouts(3, 15, 8, 45))
    await text_of(OpenAIChat(clients).stream(call))
    (body,) = wire.bodies
    assert body["messages"] == [
        {"role": "system", "content": "Transcribe."},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "The page:"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,cG5n"}},
            ],
        },
    ]


async def test_a_request_says_what_was_asked_and_who_asks(wire: Wire, say: Say) -> None:
    wire.answers_with(STREAM, chunk(word("Hi")), chunk(STOP), END)

    schema = {"type": "object", "required": ["a"]}
    await text_of(say(max_tokens=7, temperature=0.5, schema=schema, headers={"traceparent": "00-1-2-01"}))

    (head,), (body,) = wire.heads, wire.bodies
    assert head.startswith("post /v1/chat/completions http/1.1")
    for line in (
        "authorization: bearer key-1",
        "x-own: yes",
        "traceparent: 00-1-2-01",
        "content-type: application/json",
    ):
        assert line in head
    assert (body["model"], body["max_tokens"], body["temperature"]) == ("m", 7, 0.5)
    assert body["messages"] == [{"role": "user", "content": "Why?"}]
    assert (body["stream"], body["stream_options"]) == (True, {"include_usage": True})
    assert body["response_format"]["json_schema"]["schema"] == schema


async def test_parameters_stand_beside_what_is_asked_and_any_object_has_a_form_of_its_own(wire: Wire, say: Say) -> None:
    wire.answers_with(STREAM, chunk(word("Hi")), chunk(STOP), END)

    parameters = {"reasoning_effort": "low", "temperature": 0.1, "model": "another"}
    await text_of(say(temperature=0.5, schema={"type": "object"}, parameters=parameters))

    (body,) = wire.bodies
    assert (body["reasoning_effort"], body["temperature"], body["model"]) == ("low", 0.5, "m")
    assert body["response_format"] == {"type": "json_object"}


async def test_a_model_that_thinks_has_room_for_it_beyond_the_limit(wire: Wire) -> None:
    wire.answers_with(STREAM, chunk(word("Hi")), chunk(STOP), END)
    thinker = replace(provider(wire), thinking_tokens=500)
    clients = OpenAIClients([thinker])
    call = ChatCall(Route(thinker, 0, "m"), [Message(Speaker.USER, "Why?")], Timeouts(3, 15, 8, 45), max_tokens=90)
    await text_of(OpenAIChat(clients).stream(call))
    await clients.close()

    assert wire.bodies[0]["max_tokens"] == 590


async def test_characters_and_lines_may_be_cut_anywhere(wire: Wire, say: Say) -> None:
    data = word("naïve ") + b": a comment\r\n\r\n" + word("波 ").replace(b"\n", b"\r\n") + word("🌊") + STOP
    wire.answers_with(STREAM, *(chunk(data[at : at + 1]) for at in range(len(data))), END)

    assert await text_of(say()) == "naïve 波 🌊"


@pytest.mark.parametrize("between", [b"", b": ping\n\n", b"event: delta\n", b"id: 7\n\n\n", b"data:\n\n"])
async def test_events_that_arrive_together_are_told_apart(wire: Wire, say: Say, between: bytes) -> None:
    text = "a line\n\ndata: [DONE]\n\n"  # as text it is no event
    wire.answers_with(STREAM, chunk(word("one ") + between + word(text) + between + word("two") + STOP), END)

    assert await text_of(say()) == f"one {text}two"


async def test_the_last_line_needs_no_end(wire: Wire, say: Say) -> None:
    usage = b'data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":1}}'
    wire.answers_with(STREAM, chunk(word("Hi")), chunk(STOP.partition(b"data: [DONE]")[0] + usage), END)

    pieces = [piece async for piece in say()]

    assert pieces[-1].usage == Usage(3, 1)


async def test_connections_are_used_again(wire: Wire, say: Say) -> None:
    for _ in range(2):
        wire.answers_with(STREAM, chunk(word("Hi")), chunk(STOP), END)

    assert [await text_of(say()) for _ in range(2)] == ["Hi", "Hi"]
    assert len(wire.heads) == 2


async def test_the_first_word_comes_at_once_and_the_rest_in_few_pieces(wire: Wire, say: Say) -> None:
    rest = asyncio.Event()
    words = [chunk(word(f"w{number} ")) for number in range(50)]
    wire.answers_with(STREAM, words[0], rest, *words[1:], chunk(STOP), END)

    async with aclosing(say(pause=0.1)) as pieces:
        first = await anext(pieces)
        rest.set()
        later = [piece async for piece in pieces]

    assert first.text == "w0 "
    assert "".join(piece.text for piece in later) == "".join(f"w{number} " for number in range(1, 50))
    assert len(later) < 10


async def test_whoever_leaves_closes_the_connection_at_once(wire: Wire, say: Say) -> None:
    wire.answers_with(STREAM, chunk(word("Hi")), asyncio.Event())
    pieces = say()
    await anext(pieces)
    await pieces.aclose()

    async with asyncio.timeout(5):
        assert await wire.closed.wait()


async def test_a_call_that_is_cancelled_while_it_waits_closes_the_connection(wire: Wire, say: Say) -> None:
    began = asyncio.Event()
    wire.answers_with(STREAM, chunk(word("Hi")), asyncio.Event())

    async def hear() -> None:
        async with aclosing(say(pause=0.1)) as pieces:
            async for _ in pieces:
                began.set()

    hearing = asyncio.create_task(hear())
    await began.wait()
    hearing.cancel()
    await asyncio.gather(hearing, return_exceptions=True)

    async with asyncio.timeout(5):
        assert await wire.closed.wait()


@pytest.mark.parametrize(
    ("status", "code", "remedy", "outcome"),
    [
        ("400 Bad Request", "", Remedy.TELL, "bad_request"),
        ("400 Bad Request", "context_length_exceeded", Remedy.TELL, "too_long"),
        ("400 Bad Request", "content_filter", Remedy.TELL, "refused"),
        ("401 Unauthorized", "", Remedy.FAIL_OVER, "misconfigured"),
        ("404 Not Found", "", Remedy.FAIL_OVER, "misconfigured"),
        ("413 Too Large", "", Remedy.TELL, "too_long"),
        ("429 Too Many", "", Remedy.RETRY, "rate_limited"),
        ("429 Too Many", "insufficient_quota", Remedy.FAIL_OVER, "quota"),
        ("500 Internal", "", Remedy.RETRY, "server_error"),
        ("307 Moved", "", Remedy.RETRY, "server_error"),
    ],
)
async def test_a_refusal_is_read_by_status_and_code(
    wire: Wire, say: Say, status: str, code: str, remedy: Remedy, outcome: str
) -> None:
    wire.answers_with(whole({"error": {"message": "no", "code": code}}, status, "location: http://127.0.0.1:1/"))

    failure = await failure_of(say())

    assert (failure.remedy, failure.outcome) == (remedy, outcome)
    assert failure.message != "no"


@pytest.mark.parametrize("body", [b"<html>", b"", b"[1]", b'"text"', b'{"error": "text"}'])
async def test_a_refusal_needs_no_body_that_can_be_read(wire: Wire, say: Say, body: bytes) -> None:
    wire.answers_with(whole(body, "503 Unavailable"))

    assert (await failure_of(say())).outcome == "server_error"


@pytest.mark.parametrize(
    ("header", "seconds"), [("retry-after: 7", 7.0), ("retry-after-ms: 250", 0.25), ("a: b", None)]
)
async def test_a_provider_says_when_to_come_back(wire: Wire, say: Say, header: str, seconds: float | None) -> None:
    wire.answers_with(whole({}, "429 Too Many", header))

    assert (await failure_of(say())).retry_after == seconds


async def test_an_error_within_the_stream_comes_after_what_was_said(wire: Wire, say: Say) -> None:
    error = b'data: {"error":{"message":"no","code":"content_filter"}}\n\n'
    wire.answers_with(STREAM, chunk(word("Hi ") + error), END)
    pieces = say()

    assert (await anext(pieces)).text == "Hi "
    with pytest.raises(ProviderFailure) as raised:
        await anext(pieces)

    assert raised.value.reason is Reason.CONTENT_REFUSED


@pytest.mark.parametrize("parts", [[STREAM, chunk(word("Hi"))], [STREAM, chunk(word("Hi")), END], [STREAM, END]])
async def test_what_breaks_off_or_never_says_that_it_ended_is_cut(wire: Wire, say: Say, parts: list[bytes]) -> None:
    wire.answers_with(*parts)

    failure = await failure_of(say())

    assert (failure.remedy, failure.outcome) == (Remedy.RETRY, "cut")


async def test_what_is_no_json_is_no_answer(wire: Wire, say: Say) -> None:
    wire.answers_with(STREAM, chunk(b"data: {broken\n\n"), END)

    assert (await failure_of(say())).outcome == "garbled"


async def test_nobody_there_is_a_failure_of_the_connection() -> None:
    wire = Wire()
    async with serving(wire):
        away = provider(wire)
    clients = OpenAIClients([away])
    call = ChatCall(Route(away, 0, "m"), [Message(Speaker.USER, "Why?")], Timeouts(3, 15, 8, 45))

    failure = await failure_of(OpenAIChat(clients).stream(call))

    assert (failure.remedy, failure.outcome) == (Remedy.RETRY, "connection")
    await clients.close()


def vector_reply(*rows: Any) -> bytes:
    data = [{"index": index, "embedding": row} for index, row in enumerate(rows)]
    return whole({"data": data[::-1], "usage": {"prompt_tokens": 4}})


def packed(*values: float) -> str:
    return b64encode(np.asarray(values, FLOATS).tobytes()).decode()


@pytest.mark.parametrize("row", [[3.0, 4.0], packed(3.0, 4.0)])
async def test_vectors_come_packed_or_spelled_out_in_the_order_of_their_texts(
    wire: Wire, clients: OpenAIClients, row: Any
) -> None:
    wire.answers_with(vector_reply(row, [0.0, 0.0]))

    vectors = await OpenAIEmbeddings(clients).embed(
        Route(provider(wire), 0, "e-{kind}"), ["a", "b"], query=True, timeout=5
    )
    reply = embeddings_of(vectors)

    assert [list(vector.values) for vector in reply.vectors] == [pytest.approx([0.6, 0.8]), [0.0, 0.0]]
    assert (reply.model, reply.usage.prompt_tokens) == ("e", 4)
    assert (wire.bodies[0]["encoding_format"], wire.bodies[0]["model"]) == ("base64", "e-query")


async def test_a_provider_that_refuses_packed_vectors_is_asked_to_spell_them_out(
    wire: Wire, clients: OpenAIClients
) -> None:
    wire.answers_with(whole({"error": {"message": "encoding_format"}}, "400 Bad Request"))
    wire.answers_with(vector_reply([1.0, 0.0]))
    wire.answers_with(vector_reply([1.0, 0.0]))
    embeddings = OpenAIEmbeddings(clients)

    for _ in range(2):
        await embeddings.embed(Route(provider(wire), 0, "e"), ["a"], query=False, timeout=5)

    assert [body["encoding_format"] for body in wire.bodies] == ["base64", "float", "float"]


@pytest.mark.parametrize(
    "reply",
    [whole({"data": []}), whole({}), whole(b"<html>"), whole([]), whole({"data": [{"embedding": "?"}]})]
    + [whole({"data": data}) for data in ("ab", [1], ["ab"], {"a": 1}, [{"embedding": [[1.0]]}], [{"embedding": 5}])]
    + [whole({"data": [{"embedding": packed(math.nan)}]}), whole({"data": [{"embedding": [1e300]}]})],
)
async def test_what_are_no_vectors_is_a_failure(wire: Wire, clients: OpenAIClients, reply: bytes) -> None:
    wire.answers_with(reply)

    with pytest.raises(ProviderFailure) as raised:
        await OpenAIEmbeddings(clients).embed(Route(provider(wire), 0, "e"), ["a"], query=True, timeout=5)

    assert raised.value.outcome == "garbled"


async def test_a_long_vector_passes_unchanged(wire: Wire, clients: OpenAIClients) -> None:
    wire.answers_with(vector_reply(packed(*([1.0] * 1536))))

    vectors = await OpenAIEmbeddings(clients).embed(Route(provider(wire), 0, "e"), ["a"], query=True, timeout=5)

    assert list(embeddings_of(vectors).vectors[0].values) == pytest.approx([1 / math.sqrt(1536)] * 1536)
