"""Conversations: threads, the turns in them, and the right of one process to answer a turn."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

TURN_ID_LENGTH = 32


class State(StrEnum):
    """How far a turn has come; the same names as `lectern.chat.v1.Turn.State`."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    PARTIAL = "PARTIAL"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"

    @property
    def has_ended(self) -> bool:
        return self not in (State.QUEUED, State.RUNNING)


class Role(StrEnum):
    """Who said a message."""

    USER = "USER"
    ASSISTANT = "ASSISTANT"


class Order(StrEnum):
    """By which time threads are listed, newest first."""

    UPDATED = "updated"
    CREATED = "created"


@dataclass(frozen=True, slots=True)
class ThreadKey:
    """What makes a thread the only one of its kind."""

    tenant: str
    user: str
    course: str


@dataclass(frozen=True, slots=True)
class Thread:
    """One user's conversation about one course."""

    id: str
    key: ThreadKey
    title: str
    video_url: str
    message_count: int
    created: datetime
    updated: datetime
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, and where the video stood, in seconds.

    `continues` names a turn whose cut answer is to be gone on with; `options` is the gateway's own, until the end.
    """

    request_id: str
    text: str
    video_url: str = ""
    position: float | None = None
    continues: str = ""
    options: str = ""


class Support(StrEnum):
    """What a source says of the sentence that leans on it; RELATED is a passage that no sentence leans on."""

    UNKNOWN = "SUPPORT_UNSPECIFIED"
    SUPPORTED = "SUPPORTED"
    PARTLY = "PARTLY"
    NOT_FOUND = "NOT_FOUND"
    RELATED = "RELATED"


@dataclass(frozen=True, slots=True)
class Citation:
    """A place in a lecture or document; offsets in seconds."""

    quote: str
    video_url: str = ""
    start: float | None = None
    end: float | None = None
    document: str = ""
    page: int = 0
    verified: bool = False
    index: int = 0
    title: str = ""
    support: Support = Support.UNKNOWN


@dataclass(frozen=True, slots=True)
class SentenceSupport:
    """A sentence of an answer, from a letter on, and the place that bears it, as far as one does."""

    sentence: str
    start: int
    support: Support
    citation: Citation | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said to a question, by whom and at what cost in tokens; `finish_reason` is why the model stopped."""

    text: str = ""
    citations: tuple[Citation, ...] = ()
    prompt_tokens: int = 0
    completion_tokens: int = 0
    provider: str = ""
    model: str = ""
    policy: str = ""
    degraded: bool = False
    cached: bool = False
    failure_reason: str = ""
    finish_reason: str = ""
    sentences: tuple[SentenceSupport, ...] = ()


@dataclass(frozen=True, slots=True)
class Lease:
    """A process's right to answer a turn; the token rises with each change of owner."""

    owner: str
    token: int


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and its answer. While it has not ended, `lease` says who answers it."""

    id: str
    thread: str
    course: str
    sequence: int
    question: Question
    state: State
    created: datetime
    answer: Answer = Answer()
    ended: datetime | None = None
    lease: Lease | None = None
    owner_alive: bool = False


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question of the recent past and what was answered."""

    question: str
    answer: str
    video_url: str


@dataclass(frozen=True, slots=True)
class Message:
    """What one side said: a view of a turn. The question of turn n is message 2n - 1, its answer 2n."""

    sequence: int
    role: Role
    text: str
    turn: Turn


def turn_id(thread: str, request_id: str) -> str:
    """The id of the turn that a request makes: a repeated request makes the same."""
    return hashlib.sha256(f"{thread}\0{request_id}".encode()).hexdigest()[:TURN_ID_LENGTH]


def messages_of(turn: Turn) -> tuple[Message, ...]:
    """The question, and the answer once the turn has ended."""
    question = Message(2 * turn.sequence - 1, Role.USER, turn.question.text, turn)
    if not turn.state.has_ended:
        return (question,)
    return question, Message(2 * turn.sequence, Role.ASSISTANT, turn.answer.text, turn)
