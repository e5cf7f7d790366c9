"""Conversations and reports on them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from lectern_client.model.enums import OpenEnum
from lectern_client.model.turns import Citation, SentenceSupport, TurnEvent, TurnState


class Role(OpenEnum):
    UNSPECIFIED = "UNSPECIFIED"
    USER = "USER"
    ASSISTANT = "ASSISTANT"


@dataclass(frozen=True, slots=True)
class Thread:
    """One user's conversation about one course, `threads/{thread}`."""

    name: str = ""
    course: str = ""
    title: str = ""
    video_url: str = ""
    message_count: int = 0
    metadata: Mapping[str, str] = field(default_factory=dict)
    create_time: datetime | None = None
    update_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """What one side said, in Markdown."""

    name: str = ""
    sequence: int = 0
    role: Role = Role.UNSPECIFIED
    text: str = ""
    citations: tuple[Citation, ...] = ()
    turn: str = ""
    state: TurnState = TurnState.UNSPECIFIED
    video_url: str = ""
    create_time: datetime | None = None
    finish_reason: str = ""
    sentences: tuple[SentenceSupport, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A message that has the words; `snippet` is HTML with `<mark>` around them."""

    thread: Thread = Thread()
    message: Message = Message()
    snippet: str = ""


@dataclass(frozen=True, slots=True)
class TurnProgress:
    """An event of one of the thread's turns."""

    turn: str
    event: TurnEvent


@dataclass(frozen=True, slots=True)
class ThreadUpdated:
    thread: Thread


@dataclass(frozen=True, slots=True)
class ThreadDeleted:
    """The thread is gone; nothing follows."""


ThreadEvent: TypeAlias = TurnProgress | ThreadUpdated | ThreadDeleted


@dataclass(frozen=True, slots=True)
class Point:
    """One statement of a report."""

    text: str = ""
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What a thread amounts to, `reports/{report}`; `markdown` has all of it."""

    name: str = ""
    thread: str = ""
    course: str = ""
    user: str = ""
    requester: str = ""
    title: str = ""
    summary: str = ""
    asked: tuple[Point, ...] = ()
    understood: tuple[Point, ...] = ()
    unclear: tuple[Point, ...] = ()
    next_steps: tuple[Point, ...] = ()
    markdown: str = ""
    degraded: bool = False
    provider: str = ""
    model: str = ""
    turn_count: int = 0
    create_time: datetime | None = None
