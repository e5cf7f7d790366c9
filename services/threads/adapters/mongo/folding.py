"""Ended turns on their way from their thread's queue into its past."""

import asyncio
import contextlib
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

    def __init__(self, commands: Commands, keeping: Keeping) -> None:
        self._commands = commands
        self._keeping = keeping
        self._waiting: dict[str, list[Fold]] = {}
        self._count = 0
        self._full = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    def add(self, caller: Caller, turn: Turn) -> None:
        fold = Fold(caller, turn.thread, turn.id, self._keeping.document(turn))
        self._waiting.setdefault(turn.thread, []).append(fold)
        self._count += 1
        if self._count >= MAX_WAITING:
            self._full.set()
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())

    def take(self, thread: str) -> list[Fold]:
        """The turns of the thread that wait, for a write that takes them off the queue itself."""
        folds = self._waiting.pop(thread, [])
        self._count -= len(folds)
        return folds

    async def flush(self) -> None:
        """Writes all that waits."""
        folds = [fold for folds in self._waiting.values() for fold in folds]
        self._waiting, self._count = {}, 0
        self._full.clear()
        for start in range(0, len(folds), MAX_WAITING):
            await self._write(folds[start : start + MAX_WAITING])

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
            await self._commands.run(command)
        except PyMongoError as error:
            log.warning("turns_not_folded", turns=len(folds), error=repr(error))

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
