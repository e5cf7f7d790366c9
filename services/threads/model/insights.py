"""What a course's questions amount to, by day and video."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class CourseKey:
    tenant: str
    course: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it is counted; `position` in seconds, `ended` when it was answered or given up."""

    turn: str
    user: str
    text: str
    video_url: str
    position: float | None
    answered: bool
    ended: datetime


@dataclass(frozen=True, slots=True)
class Tally:
    """The questions about one video: how many by bin of the video, and by topic under its stem."""

    questions: int = 0
    answered: int = 0
    students: frozenset[str] = frozenset()
    bins: Mapping[int, int] = field(default_factory=dict)
    topics: Mapping[str, tuple[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DayTally:
    """The tally of a day's questions about a video; `stale` where it counts what is deleted by now."""

    day: date
    video_url: str
    tally: Tally
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """The last turn that a course's tallies count; the edition rises whenever they change or become stale."""

    ended: datetime = BEGINNING
    turn: str = ""
    edition: int = 0
