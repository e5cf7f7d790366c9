"""What sockets are sent: the events of turns as under `/v1`, and a message for each question and answer."""

from collections.abc import Mapping
from typing import Any

from google.protobuf import json_format

from services.gateway import convert
from services.gateway.model import Completed, Event, Turn

Message = tuple[str, dict[str, Any]]


def event_message(thread: str, turn: str, event: Event) -> Message:
    """The event by its name, as the JSON that server-sent events carry, with where it happened."""
    proto = convert.event_to_proto(event)
    name = proto.WhichOneof("event") or "heartbeat"
    return name, {"thread": thread, "turn": turn, **json_format.MessageToDict(proto)}


def question_message(turn: Turn) -> Message:
    return "message", {"thread": turn.thread, "turn": turn.name, "role": "USER", "text": turn.question}


def answer_message(completed: Completed) -> Message:
    turn = completed.turn
    citations = [json_format.MessageToDict(convert.citation_to_proto(citation)) for citation in turn.citations]
    said = {"thread": turn.thread, "turn": turn.name, "role": "ASSISTANT", "text": turn.answer}
    return "message", {**said, "citations": citations}


def thread_message(name: str, thread: str, more: Mapping[str, Any] | None = None) -> Message:
    return name, {"thread": thread, **(more or {})}
