"""How a turn ends: its row is written once, by whoever holds its lease."""

import asyncio
from dataclasses import replace
from datetime import datetime

from pymongo import DESCENDING, ReturnDocument
from pymongo.errors import DuplicateKeyError

from kit.auth.caller import Caller
from kit.errors import Conflict, NotFound, Reason, Unavailable
from kit.mongo import translated
from services.threads.adapters.mongo.database import Database
from services.threads.adapters.mongo.documents import Document, from_ended, now, own, to_ended
from services.threads.adapters.mongo.fences import unended
from services.threads.adapters.mongo.folding import Folding
from services.threads.adapters.mongo.rows import Rows
from services.threads.model import Lease, Turn

ATTEMPTS = 3
# Letters of an answer from which on its terms are found beside the event loop: some milliseconds of work.
LONG = 16 * 1024


class Finishing:
    """Writes rows of ended turns, and has the turns leave their queues a little later."""

    def __init__(self, database: Database, rows: Rows, folding: Folding) -> None:
        self._threads = database.threads
        self._turns = database.turns
        self._rows = rows
        self._folding = folding

    async def finish(self, caller: Caller, turn: Turn, lease: Lease) -> Turn:
        for _ in range(ATTEMPTS):
            finished = await self._finished(caller, turn, lease)
            if finished is not None:
                return finished
            turn = await self._renumbered(caller, turn)
        raise Unavailable("the thread is being written to", retry_after=1)

    async def _finished(self, caller: Caller, turn: Turn, lease: Lease) -> Turn | None:
        """The turn as it stands on record; None where another turn of the thread stands under its number."""
        ended = now()
        row = await _row(caller, turn, lease.token, ended)
        if not await self._rows.insert({"_id": turn.id, **row}):
            with translated():
                try:
                    await self._turns.update_one(unended(turn.id, lease.token), {"$set": row}, upsert=True)
                except DuplicateKeyError:
                    return await self._already(caller, turn, lease)
        finished = replace(turn, ended=ended, lease=None)
        self._folding.add(caller, finished)
        return finished

    async def _already(self, caller: Caller, turn: Turn, lease: Lease) -> Turn | None:
        """What stands where the turn was to be written: the same, if this call is a repeated one."""
        row = await self._turns.find_one({"_id": turn.id})
        if row is None:
            return None
        if row.get("deleted"):
            raise NotFound("the thread has been deleted", Reason.THREAD_NOT_FOUND)
        if "ended" not in row or row["fencing_token"] != lease.token or row["user"] != caller.user:
            raise Conflict("another process has taken this turn over", Reason.LEASE_LOST)
        return to_ended(row)

    async def _renumbered(self, caller: Caller, turn: Turn) -> Turn:
        """The turn at the end of its thread.

        A crash of the database may take a begun turn back, but not the process that answers it; then the thread
        gives its number a second time. Whichever of the two ends later gets another, and is counted here.
        """
        with translated():
            last = await self._turns.find_one({"thread": turn.thread}, {"sequence": 1}, sort=[("sequence", DESCENDING)])
            free = {"$max": ["$next_sequence", (last["sequence"] if last else 0) + 1]}
            counted = {"next_sequence": {"$add": [free, 1]}, "turn_count": {"$add": ["$turn_count", 1]}}
            document = await self._threads.find_one_and_update(
                own(caller, _id=turn.thread),
                [{"$set": counted}],
                projection={"next_sequence": 1},
                return_document=ReturnDocument.AFTER,
            )
        if document is None:
            raise NotFound("the thread has been deleted", Reason.THREAD_NOT_FOUND)
        return replace(turn, sequence=document["next_sequence"] - 1)


async def _row(caller: Caller, turn: Turn, token: int, ended: datetime) -> Document:
    if len(turn.answer.text) < LONG:
        return from_ended(caller, turn, token, ended)
    return await asyncio.to_thread(from_ended, caller, turn, token, ended)
