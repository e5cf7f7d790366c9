"""Ended turns on their way from their thread's queue into its past."""

import asyncio
import contextlib
from collections.abc import Callable, Collection
from dataclasses import dataclass

import structlog
from pymongo.errors import PyMongoError

from kit.auth.caller import Caller
from services.threads.adapters.mongo.commands import Commands
from services.threads.adapters.mongo.documents import Document, own
from services.threads.adapters.mongo.keeping import KEPT_IDS, Keeping, short_id
from services.threads.model import Turn

# The next question of a thread takes its last turn along, if it comes within this time to this process.
WAIT_SECONDS = 0.25
MAX_WAITING = 512

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Fold:
    """An ended turn that still stands in its thread's queue."""

    caller: Caller
    thread: str
    turn: str
    past: Document


class Folding:
    """Takes ended turns off their queues, many in one write, behind the calls that ended them.

    Nothing is lost with it: a turn has ended by its row alone, and a question that finds it in the queue looks there.
    """

    def __init__(self, commands: Commands, keeping: Keeping, folded: Callable[[Fold], None]) -> None:
        """`folded` is told of each turn that has surely left its queue."""
        self._commands = commands
        self._folded = folded
        self._keeping = keeping
        self._waiting: dict[str, list[Fold]] = {}
        self._count = 0
        self._full = asyncio.Event()
        self._writing: set[str] = set()
        self._lock = asyncio.Lock()
        self._running: asyncio.Task[None] | None = None

    def add(self, caller: Caller, turn: Turn) -> None:
        self.put(Fold(caller, turn.thread, turn.id, self._keeping.document(turn)))

    def put(self, *folds: Fold) -> None:
        """Also puts back what was taken for a write that did not come about."""
        for fold in folds:
            self._waiting.setdefault(fold.thread, []).append(fold)
        self._count += len(folds)
        if not self._waiting:
            return
        if self._count >= MAX_WAITING:
            self._full.set()
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())

    async def take(self, thread: str) -> list[Fold]:
        """The turns of the thread that wait, for a write that takes them off the queue itself."""
        if thread in self._writing:
            async with self._lock:
                pass
        folds = self._waiting.pop(thread, [])
        self._count -= len(folds)
        return folds

    async def keep(self, thread: str, queued: Collection[str]) -> None:
        """Forgets those of the thread's turns that have left their queue otherwise."""
        self.put(*(fold for fold in await self.take(thread) if fold.turn in queued))

    async def flush(self) -> None:
        """Writes all that waits."""
        async with self._lock:
            folds = [fold for folds in self._waiting.values() for fold in folds]
            self._writing, self._waiting, self._count = set(self._waiting), {}, 0
            self._full.clear()
            try:
                for start in range(0, len(folds), MAX_WAITING):
                    await self._write(folds[start : start + MAX_WAITING])
            finally:
                self._writing = set()

    async def close(self) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        await self.flush()

    async def _run(self) -> None:
        while self._waiting:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(WAIT_SECONDS):
                    await self._full.wait()
            await self.flush()

    async def _write(self, folds: list[Fold]) -> None:
        updates = [self._update(fold) for fold in folds]
        command = {"update": "threads", "updates": updates, "ordered": False, "writeConcern": {"w": 1}}
        try:
            reply = await self._commands.run(command)
        except PyMongoError as error:
            log.warning("turns_not_folded", turns=len(folds), error=repr(error))
            return
        if reply["n"] == len(folds):
            for fold in folds:
                self._folded(fold)

    def _update(self, fold: Fold) -> Document:
        change = {
            "$pull": {"pending": {"turn": fold.turn}},
            "$push": {
                "past": {"$each": [fold.past], "$slice": -self._keeping.turns},
                "past_ids": {"$each": [short_id(fold.turn)], "$slice": -KEPT_IDS},
            },
            "$inc": {"past_count": 1},
        }
        return {"q": own(fold.caller, _id=fold.thread, **{"pending.turn": fold.turn}), "u": change}
