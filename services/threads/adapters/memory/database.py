"""The truth in the process's own memory: for tests, and as the measure of what a store must do."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from kit.auth.caller import Caller
from services.threads.model import CourseKey, DayTally, Lease, Mark, Report, State, Thread, ThreadKey, Turn

FINAL_TOKEN = 2**62


@dataclass(slots=True)
class Waiting:
    """A turn in its thread's queue, and what the video was before it."""

    turn: Turn
    lease: Lease
    video_changed: bool
    video_before: str


@dataclass(slots=True)
class ThreadRecord:
    id: str
    key: ThreadKey
    title: str
    created: datetime
    updated: datetime
    video_url: str = ""
    provisional_title: bool = True
    metadata: dict[str, str] = field(default_factory=dict)
    next_sequence: int = 1
    turn_count: int = 0
    waiting: list[Waiting] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Row:
    """An ended turn; without one, the fence that keeps its place."""

    token: int
    owner: ThreadKey
    turn: Turn | None


class MemoryDatabase:
    """Threads by id, rows by turn, and until when owners live. Single-threaded: no step can come between."""

    def __init__(self) -> None:
        self.threads: dict[str, ThreadRecord] = {}
        self.rows: dict[str, Row] = {}
        self.owners: dict[str, float] = {}
        self.reports: dict[str, Report] = {}
        self.tallies: dict[CourseKey, list[DayTally]] = {}
        self.marks: dict[CourseKey, Mark] = {}
        self.stale: set[tuple[CourseKey, date]] = set()

    def owned(self, caller: Caller, thread: str) -> ThreadRecord | None:
        record = self.threads.get(thread)
        return record if record is not None and owns(caller, record.key) else None

    def all_owned(self, caller: Caller) -> Iterator[ThreadRecord]:
        return (record for record in self.threads.values() if owns(caller, record.key))

    def ended(self, caller: Caller) -> Iterator[Turn]:
        return (row.turn for row in self.rows.values() if row.turn is not None and owns(caller, row.owner))

    def has_ended(self, turn: str) -> bool:
        row = self.rows.get(turn)
        return row is not None and row.turn is not None

    def running(self, record: ThreadRecord) -> list[Waiting]:
        return [entry for entry in record.waiting if not self.has_ended(entry.turn.id)]

    def make_stale(self, record: ThreadRecord) -> None:
        """Marks the days of the thread's turns for being counted anew."""
        course = CourseKey(record.key.tenant, record.key.course)
        turns = [row.turn for row in self.rows.values() if row.turn is not None and row.turn.thread == record.id]
        days = {turn.ended.date() for turn in turns if turn.ended is not None}
        if days and course in self.marks:
            self.marks[course] = replace(self.marks[course], edition=self.marks[course].edition + 1)
            counted = {one.day for one in self.tallies.get(course, ())}
            self.stale |= {(course, day) for day in days & counted}

    def thread(self, record: ThreadRecord) -> Thread:
        return Thread(
            record.id,
            record.key,
            record.title,
            record.video_url,
            2 * record.turn_count - len(self.running(record)),
            record.created,
            record.updated,
            dict(record.metadata),
        )


def owns(caller: Caller, key: ThreadKey) -> bool:
    return (caller.tenant, caller.user) == (key.tenant, key.user)


def may_read(caller: Caller, key: ThreadKey) -> bool:
    """Whether it is the caller's, or the caller teaches in its tenant."""
    return owns(caller, key) or (caller.is_teacher and caller.tenant == key.tenant)


def state_at(place: int) -> State:
    return State.QUEUED if place else State.RUNNING


def is_abandoned(turn: Turn, now: datetime, after: timedelta) -> bool:
    return now - turn.created >= after
