"""Chat completions, plain and streamed, as scripted."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import orjson

from bench.fake_provider.answer import pieces, tokens_of
from bench.fake_provider.counts import Served
from bench.fake_provider.script import Script
from bench.fake_provider.wire import Connection

COMMON = frozenset({"model", "messages", "stream", "stream_options", "response_format"})


async def complete(script: Script, body: dict[str, Any], connection: Connection, served: Served) -> None:
    messages = body.get("messages", [])
    served.prompt_tokens = tokens_of(messages)
    wanted = body.get("response_format") or {}
    served.schema = {"type": "object"} if wanted.get("type") == "json_object" else _schema(wanted)
    served.fields = {name: value for name, value in body.items() if name not in COMMON}
    said = pieces(script, messages)
    limit = body.get("max_completion_tokens") or body.get("max_tokens") or script.thinking + len(said)
    served.thought = min(script.thinking, limit)
    limit -= served.thought
    finish = script.finish_reason if len(said) <= limit and served.thought == script.thinking else "length"
    if body.get("stream"):
        usage = bool((body.get("stream_options") or {}).get("include_usage"))
        await _stream(script, said[:limit], finish, usage, connection, served)
    else:
        await _wait(script, len(said[:limit]))
        served.words = len(said[:limit])
        message = {"role": "assistant", "content": "".join(said[:limit])}
        choice = {"index": 0, "message": message, "finish_reason": finish}
        reply = {**_envelope("chat.completion", served.model), "choices": [choice], "usage": _usage(served)}
        served.complete = True
        connection.send_json(reply)


async def _stream(
    script: Script, said: Sequence[str], finish: str, usage: bool, connection: Connection, served: Served
) -> None:
    head = _envelope("chat.completion.chunk", served.model)
    connection.start_stream()
    for _ in range(served.thought):
        connection.send_chunk(_event({**head, "choices": [_choice({"reasoning_content": " hm"})]}))
    stop = min(len(said), *(len(said) if at is None else at for at in (script.stall_after, script.cut_after)))
    await _say(script, said[:stop], head, connection, served)
    if script.stall_after is not None and stop < len(said):
        await asyncio.Event().wait()
    if script.cut_after is not None and stop < len(said):
        connection.drop()
        return
    end = _event({**head, "choices": [_choice({}, finish)]})
    end += _event({**head, "choices": [], "usage": _usage(served)}) if usage else b""
    served.complete = True
    connection.send_chunk(end + b"data: [DONE]\n\n")
    connection.end_stream()


async def _say(
    script: Script, said: Sequence[str], head: dict[str, Any], connection: Connection, served: Served
) -> None:
    start = time.monotonic()
    sent = bytearray()
    for at in range(0, len(said), script.words_per_chunk):
        if script.words_per_second and at:
            await asyncio.sleep(max(0.0, start + at / script.words_per_second - time.monotonic()))
        chunk = said[at : at + script.words_per_chunk]
        sent += connection.chunk(_event({**head, "choices": [_choice({"content": "".join(chunk)})]}))
        served.words += len(chunk)
        if script.words_per_second:
            connection.send(sent)
            sent.clear()
    connection.send(sent)  # what is said all at once goes out in one write, as from a server that buffers


async def _wait(script: Script, words: int) -> None:
    if script.words_per_second:
        await asyncio.sleep(words / script.words_per_second)


def _schema(wanted: dict[str, Any]) -> dict[str, Any] | None:
    schema: dict[str, Any] | None = (wanted.get("json_schema") or {}).get("schema")
    return schema


def _event(body: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(body) + b"\n\n"


def _envelope(kind: str, model: str) -> dict[str, Any]:
    return {"id": "fake", "object": kind, "created": int(time.time()), "model": model}


def _choice(delta: dict[str, str], finish: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": finish}


def _usage(served: Served) -> dict[str, int]:
    spoken = served.thought + served.words
    return {
        "prompt_tokens": served.prompt_tokens,
        "completion_tokens": spoken,
        "total_tokens": served.prompt_tokens + spoken,
    }
