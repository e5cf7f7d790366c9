"""Protos of chat as values of the gateway, and back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from google.protobuf import json_format
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from lectern.chat.v1 import chat_pb2

from kit import names
from kit.turnlog.ports import Entry
from services.gateway import model

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY_SECONDS = 86_400
TURN = "threads/{thread}/turns/{turn}"


def question_of(
    request: chat_pb2.StreamTurnRequest | chat_pb2.CreateTurnRequest | chat_pb2.EnqueueTurnRequest,
) -> model.Question:
    check_place(request.course, request.continues)
    position = seconds_of(request.position) if request.HasField("position") else None
    return model.Question(
        request.course, request.video_url, request.message, request.request_id, position, request.continues
    )


def check_place(course: str, continues: str) -> None:
    """Raises InvalidArgument where a question names neither a course nor a turn to go on with, as they are named."""
    if continues:
        names.parse(TURN, continues, "continues")
    if course or not continues:
        names.course_id(course)


def event_to_proto(event: model.Event) -> chat_pb2.TurnEvent:
    made = chat_pb2.TurnEvent(sequence=event.sequence)
    match event.happening:
        case model.Delta(text):
            made.delta.text = text
        case model.Heartbeat():
            made.heartbeat.SetInParent()
        case model.Notice(kind, text):
            made.notice.kind, made.notice.text = kind, text
        case model.Started(turn, thread, changed):
            made.started.turn, made.started.thread, made.started.video_changed = turn, thread, changed
        case model.Context(citations, version):
            made.context.citations.extend(citation_to_proto(citation) for citation in citations)
            made.context.context_version = version
        case model.SentenceSupport():
            made.support.CopyFrom(sentence_to_proto(event.happening))
        case model.Completed(turn):
            made.completed.turn.CopyFrom(turn_to_proto(turn))
        case model.Failed(reason, message, partial, offer):
            made.failed.reason, made.failed.message = reason, message
            made.failed.partial, made.failed.offer = partial, offer
    return made


def event_of(proto: chat_pb2.TurnEvent) -> model.Event:
    return model.Event(proto.sequence, _happening_of(proto))


def _happening_of(proto: chat_pb2.TurnEvent) -> model.Happening:
    match proto.WhichOneof("event"):
        case "delta":
            return model.Delta(proto.delta.text)
        case "notice":
            return model.Notice(proto.notice.kind, proto.notice.text)
        case "started":
            return model.Started(proto.started.turn, proto.started.thread, proto.started.video_changed)
        case "context":
            citations = tuple(citation_of(citation) for citation in proto.context.citations)
            return model.Context(citations, proto.context.context_version)
        case "support":
            return sentence_of(proto.support)
        case "completed":
            return model.Completed(turn_of(proto.completed.turn))
        case "failed":
            failed = proto.failed
            return model.Failed(failed.reason, failed.message, failed.partial, failed.offer)
        case _:
            return model.Heartbeat()


def encoded(event: model.Event) -> bytes:
    """The event as a serialized TurnEvent; serialized once, however many keep and read it."""
    if not event.encoded:
        object.__setattr__(event, "encoded", event_to_proto(event).SerializeToString())
    return event.encoded


def entry_of(event: model.Event) -> Entry:
    """The event as it stands in the turn log."""
    return Entry(event.sequence, encoded(event), event.final)


def event_of_entry(entry: Entry) -> model.Event:
    proto = chat_pb2.TurnEvent.FromString(entry.payload)
    return model.Event(proto.sequence, _happening_of(proto), entry.payload)


def turn_to_proto(turn: model.Turn) -> chat_pb2.Turn:
    return chat_pb2.Turn(
        name=turn.name,
        thread=turn.thread,
        question=turn.question,
        answer=turn.answer,
        citations=[citation_to_proto(citation) for citation in turn.citations],
        sentences=[sentence_to_proto(sentence) for sentence in turn.sentences],
        usage=chat_pb2.TokenUsage(prompt_tokens=turn.prompt_tokens, completion_tokens=turn.completion_tokens),
        provider=turn.provider,
        degraded=turn.degraded,
        cached=turn.cached,
        state=STATE_NUMBERS[turn.state],
        model=turn.model,
        course=turn.course,
        video_url=turn.video_url,
        request_id=turn.request_id,
        policy=turn.policy,
        create_time=_timestamp(turn.create_time),
        end_time=_timestamp(turn.end_time),
        failure_reason=turn.failure_reason,
        sequence=turn.sequence,
        position=duration_of(turn.position),
        finish_reason=turn.finish_reason,
        continues=turn.continues,
    )


def turn_as_kept(turn: model.Turn, proto: chat_pb2.Turn) -> model.Turn:
    """The turn as threads keeps it; usually it is the same but for its times, which threads sets."""
    if (proto.state, proto.answer) != (STATE_NUMBERS[turn.state], turn.answer):
        return turn_of(proto)
    return replace(turn, create_time=_datetime(proto.create_time), end_time=_datetime(proto.end_time))


def turn_of(proto: chat_pb2.Turn) -> model.Turn:
    return model.Turn(
        name=proto.name,
        thread=proto.thread,
        question=proto.question,
        state=_state_of(proto.state),
        course=proto.course,
        video_url=proto.video_url,
        request_id=proto.request_id,
        answer=proto.answer,
        citations=tuple(citation_of(citation) for citation in proto.citations),
        sentences=tuple(sentence_of(sentence) for sentence in proto.sentences),
        prompt_tokens=proto.usage.prompt_tokens,
        completion_tokens=proto.usage.completion_tokens,
        provider=proto.provider,
        model=proto.model,
        policy=proto.policy,
        degraded=proto.degraded,
        cached=proto.cached,
        failure_reason=proto.failure_reason,
        finish_reason=proto.finish_reason,
        continues=proto.continues,
        sequence=proto.sequence,
        position=seconds_of(proto.position) if proto.HasField("position") else None,
        create_time=_datetime(proto.create_time) if proto.HasField("create_time") else None,
        end_time=_datetime(proto.end_time) if proto.HasField("end_time") else None,
    )


def grounds_of(turn: model.Turn) -> dict[str, Any]:
    """What answers in other protocols add about their turn, as JSON."""
    citations = [json_format.MessageToDict(citation_to_proto(citation)) for citation in turn.citations]
    return {
        "turn": turn.name,
        "thread": turn.thread,
        "finish_reason": turn.finish_reason,
        "citations": citations,
        "sentences": [sentence_json(sentence) for sentence in turn.sentences],
        "degraded": turn.degraded,
        "cached": turn.cached,
    }


def sentence_json(sentence: model.SentenceSupport) -> dict[str, Any]:
    """How a sentence stands in the course, as JSON."""
    return json_format.MessageToDict(sentence_to_proto(sentence))


@lru_cache(4096)
def citation_to_proto(citation: model.Citation) -> chat_pb2.Citation:
    """Made once for each citation, since turns about a lecture cite the same places; nobody changes it."""
    return chat_pb2.Citation(
        quote=citation.quote,
        title=citation.title,
        video_url=citation.video_url,
        start_offset=duration_of(citation.start),
        end_offset=duration_of(citation.end),
        document=citation.document,
        page=citation.page,
        verified=citation.verified,
        index=citation.index,
        support=SUPPORT_NUMBERS[citation.support],
    )


def sentence_to_proto(sentence: model.SentenceSupport) -> chat_pb2.SentenceSupport:
    return chat_pb2.SentenceSupport(
        sentence=sentence.sentence,
        start=sentence.start,
        support=SUPPORT_NUMBERS[sentence.support],
        citation=citation_to_proto(sentence.citation) if sentence.citation else None,
    )


def sentence_of(proto: chat_pb2.SentenceSupport) -> model.SentenceSupport:
    return model.SentenceSupport(
        proto.sentence,
        proto.start,
        _support_of(proto.support),
        citation_of(proto.citation) if proto.HasField("citation") else None,
    )


def citation_of(proto: chat_pb2.Citation) -> model.Citation:
    return model.Citation(
        quote=proto.quote,
        title=proto.title,
        video_url=proto.video_url,
        start=seconds_of(proto.start_offset) if proto.HasField("start_offset") else None,
        end=seconds_of(proto.end_offset) if proto.HasField("end_offset") else None,
        document=proto.document,
        page=proto.page,
        verified=proto.verified,
        index=proto.index,
        support=_support_of(proto.support),
    )


def seconds_of(duration: Duration) -> float:
    return duration.seconds + duration.nanos / 1e9


def duration_of(seconds: float | None) -> Duration | None:
    if seconds is None:
        return None
    milliseconds = round(seconds * 1000)
    return Duration(seconds=milliseconds // 1000, nanos=milliseconds % 1000 * 1_000_000)


STATES = {number: model.State.__members__.get(name) for name, number in chat_pb2.Turn.State.items()}
STATE_NUMBERS = {state: chat_pb2.Turn.State.Value(state.value) for state in model.State}


SUPPORTS = {number: model.Support(name) for name, number in chat_pb2.Citation.Support.items()}
SUPPORT_NUMBERS = {support: chat_pb2.Citation.Support.Value(support.value) for support in model.Support}


def _support_of(number: chat_pb2.Citation.Support.ValueType) -> model.Support:
    return SUPPORTS.get(number, model.Support.UNKNOWN)


def _state_of(number: chat_pb2.Turn.State.ValueType) -> model.State:
    return STATES.get(number) or model.State.RUNNING


def _timestamp(moment: datetime | None) -> Timestamp | None:
    if moment is None:
        return None
    since = moment - EPOCH
    return Timestamp(seconds=since.days * DAY_SECONDS + since.seconds, nanos=since.microseconds * 1000)


def _datetime(timestamp: Timestamp) -> datetime:
    return EPOCH + timedelta(seconds=timestamp.seconds, microseconds=timestamp.nanos // 1000)
