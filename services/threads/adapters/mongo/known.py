"""Threads as this process left them, so that the next question of one need not read it first."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.threads.adapters.mongo.documents import Document
from services.threads.adapters.mongo.folding import Fold
from services.threads.adapters.mongo.keeping import KEPT_IDS

MAX_BYTES = 32 * 1024 * 1024
# Of what a document of the past takes beside its texts.
OVERHEAD_BYTES = 300
# Where fewer guesses are right, other instances serve the same threads, and a guess costs more than it saves.
LEAST_RIGHT = 0.6
GUESS_ANYWAY = 16


@dataclass(frozen=True, slots=True)
class KnownThread:
    """What its document says, if nobody has written to it since; `turn` stands in the queue unless it was folded."""

    course: str
    video_url: str
    next_sequence: int
    turn_count: int
    past_count: int
    past: tuple[Document, ...]
    # Whether the thread keeps the id of each turn that has ended.
    has_all_ids: bool
    turn: str = ""

    @property
    def size(self) -> int:
        texts = sum(len(entry.get("question", "")) + len(entry.get("answer", "")) for entry in self.past)
        return texts + OVERHEAD_BYTES * (1 + len(self.past))

    def folded(self, folds: Sequence[Fold], kept_turns: int) -> "KnownThread":
        past = (*self.past, *(fold.past for fold in folds))[-kept_turns:]
        count = self.past_count + len(folds)
        has_all_ids = self.has_all_ids and count <= KEPT_IDS
        return replace(self, past=past, past_count=count, has_all_ids=has_all_ids, turn="")


class KnownThreads:
    """The threads used last, up to a bound of bytes."""

    def __init__(self) -> None:
        self._threads: OrderedDict[str, tuple[KnownThread, int]] = OrderedDict()
        self._bytes = 0
        self._right = 1.0
        self._skipped = 0

    def take(self, thread: str) -> KnownThread | None:
        """What is known of the thread, which is forgotten until it is put back."""
        known, size = self._threads.pop(thread, (None, 0))
        self._bytes -= size
        return known

    def put(self, thread: str, known: KnownThread) -> None:
        self.take(thread)
        size = known.size
        self._threads[thread] = known, size
        self._bytes += size
        while self._bytes > MAX_BYTES:
            _, (_, dropped) = self._threads.popitem(last=False)
            self._bytes -= dropped

    def fold(self, fold: Fold, kept_turns: int) -> None:
        """The turn has left its queue."""
        known, _ = self._threads.get(fold.thread, (None, 0))
        if known is not None and known.turn == fold.turn:
            self.put(fold.thread, known.folded([fold], kept_turns))

    def is_worth_a_guess(self) -> bool:
        """Whether what is known is right often enough; looked at again now and then."""
        if self._right >= LEAST_RIGHT:
            return True
        self._skipped = (self._skipped + 1) % GUESS_ANYWAY
        return self._skipped == 0

    def guessed(self, *, right: bool) -> None:
        self._right += (right - self._right) / GUESS_ANYWAY
