"""Threads, turns and their owners, and who learns what happens to them."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from kit.auth.caller import Caller
from services.threads.model import Lease, Order, Past, Question, Sought, Thread, ThreadKey, Turn


@dataclass(frozen=True, slots=True)
class ThreadQuery:
    """Which threads of a caller, newest first; `after` is the time and id of the last one seen."""

    limit: int
    order: Order = Order.UPDATED
    course: str = ""
    metadata: tuple[tuple[str, str], ...] = ()
    after: tuple[datetime, str] | None = None


@dataclass(frozen=True, slots=True)
class ThreadChange:
    """What to change of a thread; None leaves as it is. `labels` with the value None are taken off."""

    title: str | None = None
    metadata: Mapping[str, str] | None = None
    labels: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Edition:
    """Whose thread it is, and a name that changes with each question and each change of it."""

    key: ThreadKey
    name: str


@dataclass(frozen=True, slots=True)
class NewTurn:
    """A question that is to be queued, by whom it will be answered, and how many may wait with it."""

    question: Question
    owner: str
    capacity: int
    history_tokens: int = 0
    # Nobody can have asked with this id before.
    has_fresh_id: bool = False
    # The same in all writes of one call, so that one that is repeated knows its own.
    call: str = field(default_factory=lambda: secrets.token_hex(8))


@dataclass(frozen=True, slots=True)
class Survey:
    """What a new question needs to know of its thread, newest turn first.

    `left` counts the turns that have ended and left the queue; None where it is not known.
    """

    recent: Sequence[Turn] = ()
    ended: frozenset[str] = frozenset()
    orphans: Sequence[Turn] = ()
    turn: Turn | None = None
    left: int | None = None


UNSEEN = Survey()


@dataclass(frozen=True, slots=True)
class Place:
    """A turn's place in its thread's queue. Without a turn the queue was full."""

    turn: Turn | None
    attached: bool = False
    video_changed: bool = False
    ahead: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Joined:
    """A turn that is alone in its thread's queue, and what was said before it."""

    turn: Turn
    video_changed: bool
    past: Past


@dataclass(frozen=True, slots=True)
class Hit:
    """A turn that has some of the words that were looked for."""

    turn: Turn
    score: float


class ThreadStore(Protocol):
    """Threads; each method sees only those of its caller."""

    async def open(self, key: ThreadKey, title: str) -> str:
        """The id of the thread, found or made; the same one for all who ask at once."""

    async def get(self, caller: Caller, thread: str) -> Thread | None: ...

    async def edition(self, caller: Caller, thread: str) -> Edition | None:
        """The thread as it is now; teachers also see the other threads of their tenant."""

    async def get_many(self, caller: Caller, threads: Collection[str]) -> Mapping[str, Thread]: ...

    async def page(self, caller: Caller, query: ThreadQuery) -> Sequence[Thread]: ...

    async def change(self, caller: Caller, thread: str, change: ThreadChange) -> Thread | None: ...

    async def retitle(self, caller: Caller, thread: str, title: str) -> Thread | None:
        """Replaces the title that `open` gave; None where there is no thread, or where its title was changed since."""

    async def delete(self, caller: Caller, thread: str) -> ThreadKey | None:
        """Removes the thread and its turns, and bars turns that still run from ever being completed."""


class IdleThreads(Protocol):
    """Threads of all users, for those who keep house."""

    async def idle(self, before: datetime, limit: int) -> Sequence[Thread]:
        """Threads that nothing has happened in since, oldest first."""


class TurnStore(Protocol):
    """Turns; each method sees only those of its caller."""

    async def survey(self, caller: Caller, thread: str, turn: str, recent: int) -> Survey:
        """At most `recent` ended turns, what of the queue has ended or lost its owner, and `turn` if it has ended."""

    async def join(self, caller: Caller, thread: str, new: NewTurn) -> Joined | None:
        """Puts the question into a queue that nothing else waits in, in one step.

        None where that can't be told to be right: others wait, the question was or may have been asked before, the
        thread is gone or was changed by an older version. Then a survey tells what to do.
        """

    async def enqueue(self, caller: Caller, thread: str, new: NewTurn, survey: Survey = UNSEEN) -> Place | None:
        """Drops what the survey saw ended from the queue and puts the question at its end, or finds it there.

        None without a thread.
        """

    async def find(self, caller: Caller, thread: str, turn: str) -> Turn | None: ...

    async def ended(self, caller: Caller, thread: str, start: int, limit: int, *, descending: bool) -> Sequence[Turn]:
        """Ended turns from the sequence `start` on, in order."""

    async def queue(self, caller: Caller, thread: str) -> Sequence[Turn] | None:
        """Turns that have not ended, oldest first. None without a thread."""

    async def finish(self, caller: Caller, turn: Turn, lease: Lease) -> Turn:
        """Makes an ended turn durable, once; raises Conflict with LEASE_LOST under an older token."""

    async def reassign(self, caller: Caller, turn: Turn, owner: str) -> Lease | None:
        """Gives a running turn to `owner` under the next token and fences older ones out. None if others were first."""

    async def discard(self, caller: Caller, thread: str, turn: str, lease: Lease) -> Thread | None:
        """Takes a turn back, and a thread without any other. Returns the thread where it went too."""


class Owners(Protocol):
    """Which processes live, by the database's clock."""

    async def renew(self, owner: str, seconds: float) -> None: ...

    async def release(self, owner: str) -> None: ...


class TurnSearch(Protocol):
    """Full-text search in the ended turns of a caller."""

    async def find(
        self, caller: Caller, query: Sought, course: str, after: tuple[float, str] | None, limit: int
    ) -> Sequence[Hit]:
        """Best first, by `Sought.score`; `after` is the score and the turn's id of the last one seen."""


class HotThreads(Protocol):
    """Ids of threads in use. May forget at any time."""

    async def recall(self, key: ThreadKey) -> str | None: ...

    async def remember(self, key: ThreadKey, thread: str) -> None: ...

    async def forget(self, key: ThreadKey) -> None: ...


class PageCache(Protocol):
    """Rendered pages of a user's threads, all of which become stale at once. May forget at any time."""

    async def read(self, caller: Caller, name: str) -> tuple[str, bytes | None]:
        """The edition that is valid now, and the page of that edition."""

    async def write(self, caller: Caller, name: str, edition: str, page: bytes) -> None: ...

    async def invalidate(self, caller: Caller) -> None: ...


class TurnTail(Protocol):
    """What was said so far in a turn whose owner is gone."""

    async def said(self, turn: Turn) -> str: ...

    async def end(self, turn: Turn, lease: Lease) -> None:
        """Tells those who still follow the turn how it ended."""


class ThreadObserver(Protocol):
    """Learns what happens in threads."""

    async def turn_began(self, caller: Caller, turn: Turn) -> None: ...

    async def turn_ended(self, caller: Caller, turn: Turn) -> None: ...

    async def thread_changed(self, caller: Caller, thread: Thread) -> None: ...

    async def thread_deleted(self, caller: Caller, thread: str) -> None: ...
