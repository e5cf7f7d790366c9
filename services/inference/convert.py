"""Between the protos and the values of the service."""

from collections.abc import Iterable, Sequence

import orjson
from lectern.chat.v1 import chat_pb2
from lectern.inference.v1 import generation_pb2 as pb

from kit.errors import InvalidArgument
from services.inference.model.generation import (
    Delta,
    Event,
    Finish,
    Message,
    Notice,
    Purpose,
    Request,
    Source,
    Speaker,
    Tutoring,
    Vectors,
)

SPEAKERS = {
    pb.PromptMessage.SYSTEM: Speaker.SYSTEM,
    pb.PromptMessage.USER: Speaker.USER,
    pb.PromptMessage.ASSISTANT: Speaker.ASSISTANT,
}
PURPOSES = {
    pb.PURPOSE_UNSPECIFIED: Purpose.CHAT,
    pb.PURPOSE_CHAT: Purpose.CHAT,
    pb.PURPOSE_TITLE: Purpose.TITLE,
    pb.PURPOSE_REPORT: Purpose.REPORT,
    pb.PURPOSE_QUIZ: Purpose.QUIZ,
    pb.PURPOSE_COURSE: Purpose.COURSE,
    pb.PURPOSE_EMBEDDING: Purpose.EMBEDDING,
    pb.PURPOSE_COMPLETION: Purpose.COMPLETION,
    pb.PURPOSE_RECOGNITION: Purpose.RECOGNITION,
}

MOST_STOPS = 4

# How the field `values` of a vector begins on the wire: its number, and that its length comes next.
PACKED_VALUES = bytes([pb.EmbedResponse.Vector.VALUES_FIELD_NUMBER << 3 | 2])


def request_of(message: pb.StreamGenerateRequest) -> Request:
    tutoring = _tutoring(message.tutoring) if message.HasField("tutoring") else None
    return Request(
        purpose=PURPOSES.get(message.purpose, Purpose.CHAT),
        tutoring=tutoring,
        messages=_messages(message.messages),
        course=tutoring.course if tutoring else message.course,
        continue_from=message.continue_from,
        max_tokens=max(0, message.max_tokens),
        temperature=message.temperature if message.HasField("temperature") else None,
        model=message.model,
        schema=_object(message.json_schema, "json_schema") if message.json_schema else None,
        continues=message.continues,
        stops=_stops(message.stop),
        parameters=_object(message.parameters, "parameters") if message.parameters else {},
    )


def response_of(event: Event) -> pb.StreamGenerateResponse:
    match event:
        case Delta(text):
            return pb.StreamGenerateResponse(delta=text)
        case Notice(kind, text):
            return pb.StreamGenerateResponse(notice=chat_pb2.TurnEvent.Notice(kind=kind, text=text))
        case Finish():
            return pb.StreamGenerateResponse(finish=_finish(event))


def embeddings_of(vectors: Vectors) -> pb.EmbedResponse:
    return pb.EmbedResponse(
        vectors=[_vector(packed) for packed in vectors.vectors],
        model=vectors.model,
        usage=chat_pb2.TokenUsage(prompt_tokens=vectors.usage.prompt_tokens),
    )


def _vector(packed: bytes) -> pb.EmbedResponse.Vector:
    """A packed field has its floats on the wire as we have them, so they need not become Python's first."""
    return pb.EmbedResponse.Vector.FromString(PACKED_VALUES + _varint(len(packed)) + packed)


def _varint(number: int) -> bytes:
    digits = bytearray()
    while number > 0x7F:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    digits.append(number)
    return bytes(digits)


def _finish(finish: Finish) -> pb.StreamGenerateResponse.Finish:
    usage = chat_pb2.TokenUsage(
        prompt_tokens=finish.usage.prompt_tokens, completion_tokens=finish.usage.completion_tokens
    )
    return pb.StreamGenerateResponse.Finish(
        usage=usage,
        provider=finish.provider,
        model=finish.model,
        cached=finish.cached,
        degraded=finish.degraded,
        finish_reason=finish.finish_reason,
        policy=finish.policy,
    )


def _messages(messages: Iterable[pb.PromptMessage]) -> tuple[Message, ...]:
    return tuple(
        Message(SPEAKERS.get(message.role, Speaker.USER), message.text, tuple(message.images)) for message in messages
    )


def _tutoring(message: pb.StreamGenerateRequest.Tutoring) -> Tutoring:
    return Tutoring(
        course=message.course,
        question=message.question,
        course_title=message.course_title,
        video_title=message.video_title,
        policy=message.policy,
        sources=tuple(Source(source.id, source.text, source.label) for source in message.sources),
        history=_messages(message.history),
        context_version=message.context_version,
        video_changed=message.video_changed,
    )


def _stops(texts: Sequence[str]) -> tuple[str, ...]:
    if len(texts) > MOST_STOPS or not all(texts):
        raise InvalidArgument(f"there may be at most {MOST_STOPS} stop texts, none of them empty", field="stop")
    return tuple(texts)


def _object(text: str, field: str) -> dict[str, object]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidArgument(f"{field} is not JSON", field=field) from error
    if not isinstance(found, dict):
        raise InvalidArgument(f"{field} is not an object", field=field)
    return found
