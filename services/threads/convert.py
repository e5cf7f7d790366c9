"""Threads and turns as protobuf messages, and back."""

from datetime import UTC, datetime

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from lectern.chat.v1 import chat_pb2
from lectern.threads.v1 import threads_pb2, turns_pb2

from kit import names
from services.threads.model import (
    Answer,
    Citation,
    Exchange,
    Lease,
    Message,
    Question,
    Role,
    SentenceSupport,
    State,
    Support,
    Thread,
    Turn,
)

THREAD = "threads/{thread}"
TURN = "threads/{thread}/turns/{turn}"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
STATES = {state: chat_pb2.Turn.State.Value(state.value) for state in State}
NAMES = {value: state for state, value in STATES.items()}
SUPPORTS = {number: Support(name) for name, number in chat_pb2.Citation.Support.items()}


def thread_name(thread: str) -> str:
    return f"threads/{thread}"


def turn_name(thread: str, turn: str) -> str:
    return f"threads/{thread}/turns/{turn}"


def thread_id(name: str, field: str = "name") -> str:
    return names.parse(THREAD, name, field)["thread"]


def turn_ids(name: str, field: str = "name") -> tuple[str, str]:
    """The thread and the turn of a turn's name."""
    parts = names.parse(TURN, name, field)
    return parts["thread"], parts["turn"]


def thread_message(thread: Thread) -> threads_pb2.Thread:
    return threads_pb2.Thread(
        name=thread_name(thread.id),
        course=f"courses/{thread.key.course}",
        title=thread.title,
        video_url=thread.video_url,
        message_count=thread.message_count,
        metadata=thread.metadata,
        create_time=timestamp(thread.created),
        update_time=timestamp(thread.updated),
    )


def message_message(message: Message) -> threads_pb2.Message:
    turn, is_answer = message.turn, message.role is Role.ASSISTANT
    return threads_pb2.Message(
        name=f"{thread_name(turn.thread)}/messages/{message.sequence}",
        sequence=message.sequence,
        role=threads_pb2.Message.Role.Value(message.role.value),
        text=message.text,
        citations=[citation_message(citation) for citation in turn.answer.citations] if is_answer else (),
        turn=turn_name(turn.thread, turn.id),
        state=chat_pb2.Turn.State.Value(turn.state.value),
        video_url=turn.question.video_url,
        create_time=timestamp(turn.ended if is_answer and turn.ended else turn.created),
        finish_reason=turn.answer.finish_reason if is_answer else "",
        sentences=[sentence_message(sentence) for sentence in turn.answer.sentences] if is_answer else (),
    )


def turn_message(turn: Turn) -> chat_pb2.Turn:
    answer = turn.answer
    return chat_pb2.Turn(
        name=turn_name(turn.thread, turn.id),
        thread=thread_name(turn.thread),
        question=turn.question.text,
        answer=answer.text,
        citations=[citation_message(citation) for citation in answer.citations],
        sentences=[sentence_message(sentence) for sentence in answer.sentences],
        usage=chat_pb2.TokenUsage(prompt_tokens=answer.prompt_tokens, completion_tokens=answer.completion_tokens),
        provider=answer.provider,
        model=answer.model,
        degraded=answer.degraded,
        cached=answer.cached,
        state=STATES[turn.state],
        course=f"courses/{turn.course}",
        video_url=turn.question.video_url,
        request_id=turn.question.request_id,
        policy=answer.policy,
        create_time=timestamp(turn.created),
        end_time=timestamp(turn.ended) if turn.ended else None,
        failure_reason=answer.failure_reason,
        sequence=turn.sequence,
        position=duration(turn.question.position),
        finish_reason=answer.finish_reason,
        continues=turn.question.continues,
    )


def turn_of(message: chat_pb2.Turn) -> Turn:
    """The turn that a peer sends back as it ended."""
    thread, turn = turn_ids(message.name, "turn.name")
    return Turn(
        id=turn,
        thread=thread,
        course=names.course_id(message.course, "turn.course"),
        sequence=message.sequence,
        question=Question(
            message.request_id, message.question, message.video_url, position_of(message), message.continues
        ),
        state=NAMES.get(message.state, State.RUNNING),
        created=message.create_time.ToDatetime(UTC),
        answer=_answer_of(message),
    )


def question_of(request: turns_pb2.BeginTurnRequest) -> Question:
    return Question(
        request_id=request.request_id,
        text=request.message,
        video_url=request.video_url,
        position=position_of(request),
        continues=request.continues,
        options=request.options,
    )


def lease_message(lease: Lease | None) -> turns_pb2.Lease | None:
    return None if lease is None else turns_pb2.Lease(owner=lease.owner, fencing_token=lease.token)


def lease_of(message: turns_pb2.Lease) -> Lease:
    return Lease(message.owner, message.fencing_token)


def exchange_message(exchange: Exchange) -> turns_pb2.Exchange:
    return turns_pb2.Exchange(question=exchange.question, answer=exchange.answer, video_url=exchange.video_url)


def duration(seconds: float | None) -> Duration | None:
    if seconds is None:
        return None
    milliseconds = round(seconds * 1000)
    whole = int(milliseconds / 1000)  # towards zero, for both parts must have one sign
    return Duration(seconds=whole, nanos=(milliseconds - whole * 1000) * 1_000_000)


def position_of(message: chat_pb2.Turn | turns_pb2.BeginTurnRequest) -> float | None:
    """Where the video stands, in seconds, if the message says so."""
    return seconds(message.position) if message.HasField("position") else None


def seconds(message: Duration) -> float:
    return message.ToMilliseconds() / 1000


def _answer_of(message: chat_pb2.Turn) -> Answer:
    return Answer(
        text=message.answer,
        citations=tuple(_citation_of(citation) for citation in message.citations),
        sentences=tuple(_sentence_of(sentence) for sentence in message.sentences),
        prompt_tokens=message.usage.prompt_tokens,
        completion_tokens=message.usage.completion_tokens,
        provider=message.provider,
        model=message.model,
        policy=message.policy,
        degraded=message.degraded,
        cached=message.cached,
        failure_reason=message.failure_reason,
        finish_reason=message.finish_reason,
    )


def citation_message(citation: Citation) -> chat_pb2.Citation:
    return chat_pb2.Citation(
        quote=citation.quote,
        video_url=citation.video_url,
        start_offset=duration(citation.start),
        end_offset=duration(citation.end),
        document=citation.document,
        page=citation.page,
        verified=citation.verified,
        index=citation.index,
        title=citation.title,
        support=chat_pb2.Citation.Support.Value(citation.support.value),
    )


def sentence_message(sentence: SentenceSupport) -> chat_pb2.SentenceSupport:
    return chat_pb2.SentenceSupport(
        sentence=sentence.sentence,
        start=sentence.start,
        support=chat_pb2.Citation.Support.Value(sentence.support.value),
        citation=citation_message(sentence.citation) if sentence.citation else None,
    )


def _sentence_of(message: chat_pb2.SentenceSupport) -> SentenceSupport:
    citation = _citation_of(message.citation) if message.HasField("citation") else None
    return SentenceSupport(message.sentence, message.start, _support_of(message.support), citation)


def _citation_of(message: chat_pb2.Citation) -> Citation:
    return Citation(
        quote=message.quote,
        video_url=message.video_url,
        start=seconds(message.start_offset) if message.HasField("start_offset") else None,
        end=seconds(message.end_offset) if message.HasField("end_offset") else None,
        document=message.document,
        page=message.page,
        verified=message.verified,
        index=message.index,
        title=message.title,
        support=_support_of(message.support),
    )


def _support_of(number: chat_pb2.Citation.Support.ValueType) -> Support:
    return SUPPORTS.get(number, Support.UNKNOWN)


def timestamp(time: datetime) -> Timestamp:
    # What Timestamp.FromDatetime does, without its checks of what a datetime of ours can't be.
    span = time - EPOCH
    return Timestamp(seconds=span.days * 86_400 + span.seconds, nanos=span.microseconds * 1000)
