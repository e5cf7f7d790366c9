"""What sockets are sent: the events of turns as under `/v1`, and a message for each question and answer."""

from collections.abc import Mapping
from typing import Any

from google.protobuf import json_format

from services.gateway import convert
from services.gateway.model import Completed, Delta, Event, Turn
from services.gateway.socketio.packets import EventPacket


def event_packet(thread: str, turn: str, event: Event) -> EventPacket:
    """The event by its name, as the JSON that server-sent events carry, with where it happened."""
    where = {"thread": thread, "turn": turn}
    if isinstance(event.happening, Delta) and event.happening.text:  # nearly all of them: said without the proto
        return EventPacket("delta", {**where, "sequence": event.sequence, "delta": {"text": event.happening.text}})
    proto = convert.event_to_proto(event)
    return EventPacket(proto.WhichOneof("event") or "heartbeat", {**where, **json_format.MessageToDict(proto)})


def question_packet(turn: Turn) -> EventPacket:
    said = {"thread": turn.thread, "turn": turn.name, "role": "USER", "text": turn.question}
    return EventPacket("message", said)


def answer_packet(completed: Completed) -> EventPacket:
    turn = completed.turn
    citations = [json_format.MessageToDict(convert.citation_to_proto(citation)) for citation in turn.citations]
    said = {"thread": turn.thread, "turn": turn.name, "role": "ASSISTANT", "text": turn.answer}
    sentences = [convert.sentence_json(sentence) for sentence in turn.sentences]
    told = {"citations": citations, "sentences": sentences, "finishReason": turn.finish_reason}
    return EventPacket("message", {**said, **told})


def thread_packet(name: str, thread: str, more: Mapping[str, Any] | None = None) -> EventPacket:
    return EventPacket(name, {"thread": thread, **(more or {})})
