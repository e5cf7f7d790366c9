"""What a thread amounts to: asked, understood, still unclear."""

from dataclasses import dataclass
from datetime import datetime

from services.threads.model.conversations import Citation, ThreadKey


@dataclass(frozen=True, slots=True)
class Point:
    """One statement, and where in the lecture it stands."""

    text: str
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class Findings:
    """What a report says."""

    title: str
    summary: str
    asked: tuple[Point, ...] = ()
    understood: tuple[Point, ...] = ()
    unclear: tuple[Point, ...] = ()
    next_steps: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """Findings on a thread's last turns; `key` is the thread's, `degraded` says that no model wrote them."""

    id: str
    thread: str
    key: ThreadKey
    requester: str
    findings: Findings
    markdown: str
    turn_count: int
    created: datetime
    degraded: bool = False
    provider: str = ""
    model: str = ""
