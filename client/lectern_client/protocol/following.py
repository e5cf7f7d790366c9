"""Streams that go on after a break: asked for again where they were, until they end or the time is over."""

import json
from typing import Any, TypeVar

from lectern_client.errors import ApiError, ConnectionFailed, LecternError
from lectern_client.protocol.calls import Stream
from lectern_client.protocol.plans import Broken, Emit, Open, Plan, Read, Wait, everything
from lectern_client.protocol.policy import Patience, Policy
from lectern_client.protocol.replies import failure_in, failure_of, is_status
from lectern_client.protocol.requests import Reply
from lectern_client.protocol.sse import SseDecoder

T = TypeVar("T")


def following(stream: Stream[T], policy: Policy) -> Plan[T]:
    """Emits the stream's items, each once, over as many connections as it takes."""
    patience = Patience(policy)
    while True:
        trouble: LecternError = ConnectionFailed("the connection ended before the stream did", sent=True)
        try:
            yield from _connection(stream, patience)
        except Broken as broken:
            trouble = ConnectionFailed(str(broken), sent=broken.sent)
        except ApiError as error:
            if not error.temporary:
                raise
            trouble = error
        if stream.ended:
            return
        yield Wait(_pause(stream, patience, trouble))


def _connection(stream: Stream[T], patience: Patience) -> Plan[T]:
    """What one connection brings."""
    reply: Reply = yield Open(stream.request())
    if reply.is_error:
        raise failure_of(reply, (yield from everything()))
    decoder = SseDecoder()
    while chunk := (yield Read()):
        for data in map(_parsed, decoder.feed(chunk)):
            if is_status(data):
                raise failure_in(data, reply)
            patience.progressed()
            for item in stream.take(data):
                yield Emit(item)
            if stream.ended:
                return


def _pause(stream: Stream[Any], patience: Patience, trouble: LecternError) -> float:
    try:
        return patience.pause(trouble)
    except LecternError as last:
        raise stream.interrupted(last) from last


def _parsed(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except ValueError as error:
        raise Broken("an event is no JSON", sent=True) from error
    return data if isinstance(data, dict) else {}
