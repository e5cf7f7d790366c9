"""What is asked of a model, and what comes back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Purpose(StrEnum):
    """What a call is for; it decides model, time limits and the line in the ledger."""

    CHAT = "chat"
    TITLE = "title"
    REPORT = "report"
    QUIZ = "quiz"
    COURSE = "course"
    EMBEDDING = "embedding"
    COMPLETION = "completion"
    RECOGNITION = "recognition"


class Speaker(StrEnum):
    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True)
class Message:
    """What was said, and pictures that stand beside it, each a PNG."""

    speaker: Speaker
    text: str
    images: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """A passage as the model sees it; `label` says in words where it stands."""

    id: str
    text: str
    label: str


@dataclass(frozen=True, slots=True)
class Tutoring:
    """A question about a course; `sources` in the order of the numbers that they are cited by."""

    course: str
    question: str
    course_title: str = ""
    video_title: str = ""
    policy: str = ""
    sources: tuple[Source, ...] = ()
    history: tuple[Message, ...] = ()
    context_version: str = ""
    video_changed: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """What another service asks for: a tutoring question, or ready messages.

    `continue_from` is what was said of this answer before it broke off, `continues` an answer before it that was cut at
    its length. `parameters` are further fields that tune a model, by their names in OpenAI's API.
    """

    purpose: Purpose
    tutoring: Tutoring | None = None
    messages: tuple[Message, ...] = ()
    course: str = ""
    continue_from: str = ""
    continues: str = ""
    max_tokens: int = 0
    temperature: float | None = None
    model: str = ""
    schema: Mapping[str, Any] | None = None
    stops: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prompt:
    """A request as it is sent to a model.

    `policy` says what was followed, as in `hints:2`; `version` by which instructions, where they are of ours;
    `own_limit` that it was the caller who limited the answer; and `ends_at_limit` that an answer as long as it may be
    is a whole one, because the policy allows no more.
    """

    purpose: Purpose
    messages: tuple[Message, ...]
    max_tokens: int
    tokens: int
    course: str = ""
    sources: tuple[Source, ...] = ()
    policy: str = ""
    version: str = ""
    context_version: str = ""
    personal: bool = True
    continue_from: str = ""
    continues: str = ""
    temperature: float | None = None
    model: str = ""
    schema: Mapping[str, Any] | None = None
    stops: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    own_limit: bool = False
    ends_at_limit: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(self.prompt_tokens + other.prompt_tokens, self.completion_tokens + other.completion_tokens)

    @property
    def total(self) -> int:
        return self.prompt_tokens + self.completion_tokens


@dataclass(frozen=True, slots=True)
class Delta:
    """More text of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that the reader may want to know; `kind` is a stable name."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Finish:
    """The end of an answer, and why the model stopped: `stop`, or `length` at a limit; empty where none ended it."""

    usage: Usage
    provider: str = ""
    model: str = ""
    cached: bool = False
    degraded: bool = False
    finish_reason: str = "stop"
    policy: str = ""


Event = Delta | Notice | Finish


FLOATS = "<f4"


@dataclass(frozen=True, slots=True)
class Vectors:
    """Vectors of unit length as packed FLOATS, in the order of the texts, and the model that made them."""

    vectors: tuple[bytes, ...]
    model: str
    usage: Usage
