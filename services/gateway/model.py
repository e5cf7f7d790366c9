"""What the gateway speaks of: questions, groundings, turns and their events. Times in a video are seconds."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class Options:
    """How an answer is to be made; what is not set is left to the configuration.

    `stops` end the answer before their first letter. `json_schema` is JSON, and `parameters` a JSON object of what else
    tunes a model, by the names of OpenAI's API.
    """

    model: str = ""
    max_tokens: int = 0
    temperature: float | None = None
    stops: tuple[str, ...] = ()
    json_schema: str = ""
    parameters: str = ""


AS_CONFIGURED = Options()


@dataclass(frozen=True, slots=True)
class Question:
    """What a student asks, and where they are. `continues` names a turn whose cut answer is to be gone on with."""

    course: str
    video_url: str
    text: str
    request_id: str = ""
    position: float | None = None
    continues: str = ""
    options: Options = AS_CONFIGURED


@dataclass(frozen=True, slots=True)
class Cue:
    start: float
    end: float
    text: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a lecture or document that an answer may lean on; quickly hashed, so that more is kept by it."""

    id: str
    text: str
    title: str = ""
    video_url: str = ""
    start: float | None = None
    end: float | None = None
    document: str = ""
    page: int = 0
    cues: tuple[Cue, ...] = ()

    def __hash__(self) -> int:
        return hash(self.id)


@dataclass(frozen=True, slots=True)
class Grounding:
    """What is known that the question is about."""

    course: str
    course_title: str
    video_title: str
    policy: str
    passages: tuple[Passage, ...]
    version: str


class Support(StrEnum):
    """What a source says of the sentence that leans on it; RELATED is a passage that no sentence leans on."""

    UNKNOWN = "SUPPORT_UNSPECIFIED"
    SUPPORTED = "SUPPORTED"
    PARTLY = "PARTLY"
    NOT_FOUND = "NOT_FOUND"
    RELATED = "RELATED"


@dataclass(frozen=True, slots=True)
class Citation:
    """A place that an answer leans on; `index` is its number in the text, 0 where the text does not cite it.

    `verified` where the answer says these words, in quotes or as its own, and the source has them.
    """

    quote: str
    title: str = ""
    video_url: str = ""
    start: float | None = None
    end: float | None = None
    document: str = ""
    page: int = 0
    verified: bool = False
    index: int = 0
    support: Support = Support.UNKNOWN


@dataclass(frozen=True, slots=True)
class SentenceSupport:
    """A sentence of an answer, from a letter on, and the place that bears it, as far as one does."""

    sentence: str
    start: int
    support: Support
    citation: Citation | None = None


class State(StrEnum):
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    PARTIAL = "PARTIAL"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"

    @property
    def ended(self) -> bool:
        return self not in {State.QUEUED, State.RUNNING}

    @property
    def broke_off(self) -> bool:
        """Ended without a whole answer."""
        return self.ended and self is not State.COMPLETED


@dataclass(frozen=True, slots=True)
class Turn:
    """One question and its answer, so far or whole. `name` is `threads/{thread}/turns/{turn}`.

    `finish_reason` is why the model stopped; `length` says that a limit cut the answer.
    """

    name: str
    thread: str
    question: str
    state: State
    course: str = ""
    video_url: str = ""
    request_id: str = ""
    answer: str = ""
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
    sequence: int = 0
    position: float | None = None
    continues: str = ""
    sentences: tuple[SentenceSupport, ...] = ()
    create_time: datetime | None = None
    end_time: datetime | None = None

    @property
    def is_cut(self) -> bool:
        """Whether there may be more to say: a limit cut the answer, or it broke off."""
        if self.failure_reason == "CONTENT_REFUSED" or not self.answer.strip():
            return False
        return self.state.broke_off or self.finish_reason == "length"

    def ended_as(self, state: State, answer: str, reason: str = "", **more: Any) -> "Turn":
        """The turn with its end; `more` are further fields."""
        return replace(self, state=state, answer=answer, failure_reason=reason, **more)


@dataclass(frozen=True, slots=True)
class Lease:
    """A process's right to answer a turn."""

    owner: str
    token: int


@dataclass(frozen=True, slots=True)
class Exchange:
    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Begun:
    """A turn that was found or created, and what its answer needs to know of the thread."""

    turn: Turn
    lease: Lease
    attached: bool = False
    video_changed: bool = False
    history: tuple[Exchange, ...] = ()
    ahead: tuple[str, ...] = ()
    position: float | None = None
    options: Options = AS_CONFIGURED


@dataclass(frozen=True, slots=True)
class Cut:
    """A cut answer to go on with: the turn that was asked first, and all that was said to it so far."""

    turn: Turn
    answer: str


@dataclass(frozen=True, slots=True)
class Held:
    """A turn and who answers it; no lease once it has ended."""

    turn: Turn
    lease: Lease | None
    owner_alive: bool


@dataclass(frozen=True, slots=True)
class Started:
    turn: str
    thread: str
    video_changed: bool


@dataclass(frozen=True, slots=True)
class Context:
    citations: tuple[Citation, ...]
    version: str


@dataclass(frozen=True, slots=True)
class Delta:
    text: str


@dataclass(frozen=True, slots=True)
class Notice:
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Heartbeat:
    pass


@dataclass(frozen=True, slots=True)
class Completed:
    turn: Turn


@dataclass(frozen=True, slots=True)
class Failed:
    """`offer` names what may be done instead, as in `enqueue`."""

    reason: str
    message: str
    partial: str
    offer: str = ""


Happening = Started | Context | Delta | SentenceSupport | Notice | Heartbeat | Completed | Failed


@dataclass(frozen=True, slots=True)
class Event:
    """A happening with its number in the turn; heartbeats repeat the last one.

    `encoded` is how it stands in the log and on the wire, made once for all who write or send it.
    """

    sequence: int
    happening: Happening
    encoded: bytes = field(default=b"", compare=False, repr=False)

    @property
    def final(self) -> bool:
        return isinstance(self.happening, Completed | Failed)


@dataclass(frozen=True, slots=True)
class Finish:
    """The end of what a model said, and why it stopped: `stop` or `length`."""

    provider: str = ""
    model: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached: bool = False
    degraded: bool = False
    policy: str = ""
    finish_reason: str = ""


@dataclass(frozen=True, slots=True)
class Prompt:
    """All that an answer is generated from.

    `continue_from` is its own text before it broke off, `continues` that of the answer that it goes on with.
    """

    question: str
    grounding: Grounding
    history: tuple[Exchange, ...] = ()
    video_changed: bool = False
    continue_from: str = ""
    continues: str = ""
    options: Options = AS_CONFIGURED
