"""Questions, their answers, and the events by which an answer comes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from lectern_client.model.enums import OpenEnum
from lectern_client.model.reasons import ErrorReason


class TurnState(OpenEnum):
    UNSPECIFIED = "UNSPECIFIED"
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    PARTIAL = "PARTIAL"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"


class Support(OpenEnum):
    """What a source says of the sentence that leans on it; RELATED is a passage that the answer does not cite."""

    UNSPECIFIED = "SUPPORT_UNSPECIFIED"
    SUPPORTED = "SUPPORTED"
    PARTLY = "PARTLY"
    NOT_FOUND = "NOT_FOUND"
    RELATED = "RELATED"


@dataclass(frozen=True, slots=True)
class Citation:
    """A place in a video or a document.

    `verified`: the answer says these words and the source has them. `support`: what the source says of the sentences
    that cite it.
    """

    quote: str = ""
    video_url: str = ""
    start_offset: timedelta = timedelta()
    end_offset: timedelta = timedelta()
    document: str = ""
    page: int = 0
    verified: bool = False
    index: int = 0
    title: str = ""
    support: Support = Support.UNSPECIFIED

    @property
    def link(self) -> str:
        """The video at the second where the quote begins; empty for a document."""
        return f"{self.video_url}#t={int(self.start_offset.total_seconds())}" if self.video_url else ""


@dataclass(frozen=True, slots=True)
class SentenceSupport:
    """How a sentence of the answer stands in the course, with the place that bears it; an event has a sequence too."""

    sequence: int = 0
    sentence: str = ""
    start: int = 0
    support: Support = Support.UNSPECIFIED
    citation: Citation | None = None


@dataclass(frozen=True, slots=True)
class TokenUsage:
    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Turn:
    """One question and its answer, `threads/{thread}/turns/{turn}`.

    A `finish_reason` of `length` says that a limit cut the answer; a turn that `continues` it says the rest.
    """

    name: str = ""
    thread: str = ""
    question: str = ""
    answer: str = ""
    citations: tuple[Citation, ...] = ()
    sentences: tuple[SentenceSupport, ...] = ()
    usage: TokenUsage = TokenUsage()
    provider: str = ""
    model: str = ""
    degraded: bool = False
    cached: bool = False
    state: TurnState = TurnState.UNSPECIFIED
    course: str = ""
    video_url: str = ""
    position: timedelta | None = None
    request_id: str = ""
    policy: str = ""
    create_time: datetime | None = None
    end_time: datetime | None = None
    failure_reason: ErrorReason | None = None
    finish_reason: str = ""
    continues: str = ""
    sequence: int = 0

    @property
    def cut(self) -> bool:
        """Whether a limit cut the answer, so that it can be gone on with."""
        return self.finish_reason == "length"


@dataclass(frozen=True, slots=True)
class Started:
    """The turn was accepted."""

    sequence: int = 0
    turn: str = ""
    thread: str = ""
    video_changed: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """The passages that the answer may lean on."""

    sequence: int = 0
    citations: tuple[Citation, ...] = ()
    context_version: str = ""


@dataclass(frozen=True, slots=True)
class Delta:
    """More text of the answer."""

    sequence: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something worth knowing, by a stable `kind` and in words."""

    sequence: int = 0
    kind: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Completed:
    """The answer is whole and durable."""

    sequence: int = 0
    turn: Turn = Turn()


@dataclass(frozen=True, slots=True)
class Failed:
    """The turn ended without a whole answer; `partial` is what was said, and is kept.

    An `offer` of `enqueue` says that no model was free, and that the question may be put off as a job.
    """

    sequence: int = 0
    reason: ErrorReason = ErrorReason.UNSPECIFIED
    message: str = ""
    partial: str = ""
    offer: str = ""


TurnEvent: TypeAlias = Started | Context | Delta | SentenceSupport | Notice | Completed | Failed

BY_NAME: Mapping[str, type[TurnEvent]] = {
    "started": Started,
    "context": Context,
    "delta": Delta,
    "support": SentenceSupport,
    "notice": Notice,
    "completed": Completed,
    "failed": Failed,
}
