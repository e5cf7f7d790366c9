"""Turns in MongoDB: running ones in their thread's queue, ended ones in a row of their own."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import ASCENDING, DESCENDING, ReturnDocument
from pymongo.errors import DuplicateKeyError

from kit.auth.caller import Caller
from kit.errors import Conflict, NotFound, Reason
from kit.mongo import translated
from services.threads.adapters.mongo import queueing, surveying
from services.threads.adapters.mongo.database import Database
from services.threads.adapters.mongo.documents import Document, from_ended, own, to_ended, to_thread, to_waiting
from services.threads.model import Lease, Question, State, Thread, Turn, turn_id
from services.threads.ports import Place, Survey


class MongoTurns:
    """A turn costs one read and one write to begin, and one write to end."""

    def __init__(self, database: Database, *, abandoned_after: timedelta) -> None:
        self._database = database
        self._threads = database.threads
        self._turns = database.turns
        self._abandoned_after = abandoned_after

    async def survey(self, caller: Caller, thread: str, turn: str, recent: int) -> Survey:
        found = await self._read(
            [
                *surveying.recent_rows(caller, thread, recent),
                surveying.also("turns", surveying.ended_row(caller, thread, turn)),
                surveying.also("threads", surveying.queue_of(caller, thread)),
            ]
        )
        queues = [document for document in found if "is_queue" in document]
        turns = [to_ended(document) for document in found if "is_queue" not in document]
        # The turn itself comes last, whole; among the recent ones it may stand without its citations.
        this = turns.pop() if turns and turns[-1].id == turn else None
        if not queues:
            return Survey(turns, turn=this)
        waiting = surveying.waiting_in(queues[0], self._abandoned_after)
        orphans = [other for other in waiting if not other.owner_alive and other.id != turn]
        return Survey(turns, surveying.ended_in(queues[0]), orphans, this)

    async def enqueue(
        self, caller: Caller, thread: str, question: Question, owner: str, ended: Collection[str], capacity: int
    ) -> Place | None:
        turn, call = turn_id(thread, question.request_id), secrets.token_hex(8)
        with translated():
            document = await self._threads.find_one_and_update(
                own(caller, _id=thread),
                queueing.enqueueing(turn, question, owner, call, ended, capacity),
                projection={"course": 1, "pending": 1},
                return_document=ReturnDocument.AFTER,
            )
        return None if document is None else _place_in(document, turn, call)

    async def find(self, caller: Caller, thread: str, turn: str) -> Turn | None:
        found = await self._read(
            [
                *surveying.ended_row(caller, thread, turn),
                surveying.also("threads", surveying.queue_of(caller, thread)),
            ]
        )
        for document in found:
            if "is_queue" not in document:
                return to_ended(document)
            waiting = surveying.waiting_in(document, self._abandoned_after)
            return next((running for running in waiting if running.id == turn), None)
        return None

    async def ended(self, caller: Caller, thread: str, start: int, limit: int, *, descending: bool) -> Sequence[Turn]:
        span = {"$lte": start} if descending else {"$gte": start}
        conditions = own(caller, thread=thread, sequence=span, ended={"$exists": True})
        with translated():
            cursor = self._turns.find(conditions).sort("sequence", DESCENDING if descending else ASCENDING)
            return [to_ended(document) for document in await cursor.limit(limit).to_list()]

    async def queue(self, caller: Caller, thread: str) -> Sequence[Turn] | None:
        with translated():
            cursor = await self._threads.aggregate(surveying.queue_of(caller, thread))
            found = await cursor.to_list()
        return surveying.waiting_in(found[0], self._abandoned_after) if found else None

    async def finish(self, caller: Caller, turn: Turn, lease: Lease) -> Turn:
        now = _now()
        row = from_ended(caller, turn, lease.token, now)
        with translated():
            try:
                await self._turns.update_one(_unended(turn.id, lease.token), {"$set": row}, upsert=True)
            except DuplicateKeyError:
                return await self._already(caller, turn, lease)
        return replace(turn, ended=now, lease=None)

    async def _already(self, caller: Caller, turn: Turn, lease: Lease) -> Turn:
        """What stands where the turn was to be written: the same, if this call is a repeated one."""
        row = await self._turns.find_one({"_id": turn.id})
        if row is not None and row.get("deleted"):
            raise NotFound("the thread has been deleted", Reason.THREAD_NOT_FOUND)
        if row is None or "ended" not in row or row["fencing_token"] != lease.token or row["user"] != caller.user:
            raise Conflict("another process has taken this turn over", Reason.LEASE_LOST)
        return to_ended(row)

    async def reassign(self, caller: Caller, turn: Turn, owner: str) -> Lease | None:
        if turn.lease is None:
            return None
        held = {"turn": turn.id, "owner": turn.lease.owner, "token": turn.lease.token}
        lease = Lease(owner, turn.lease.token + 1)
        with translated():
            taken = await self._threads.update_one(
                own(caller, _id=turn.thread, pending={"$elemMatch": held}),
                {"$set": {"pending.$.owner": lease.owner, "pending.$.token": lease.token}},
            )
            if not taken.matched_count:
                return None
            return lease if await self._fence(caller, turn, lease.token) else None

    async def _fence(self, caller: Caller, turn: Turn, token: int) -> bool:
        """Holds the turn's row against older tokens; false where the turn has ended meanwhile."""
        place = own(caller, thread=turn.thread, sequence=turn.sequence, fencing_token=token)
        try:
            await self._turns.update_one(_unended(turn.id, token), {"$set": place}, upsert=True)
        except DuplicateKeyError:
            return False
        return True

    async def discard(self, caller: Caller, thread: str, turn: str, lease: Lease) -> Thread | None:
        held = {"turn": turn, "owner": lease.owner, "token": lease.token}
        with translated():
            document = await self._threads.find_one_and_update(
                own(caller, _id=thread, pending={"$elemMatch": held}),
                queueing.discarding(turn),
                return_document=ReturnDocument.AFTER,
            )
            if document is None:
                await self._refuse_if_held(caller, thread, turn)
                return None
            unused = {"_id": thread, "turn_count": 0, "pending": []}
            removed = await self._threads.delete_one(unused) if not document["turn_count"] else None
        return to_thread(document, 0) if removed and removed.deleted_count else None

    async def _refuse_if_held(self, caller: Caller, thread: str, turn: str) -> None:
        if await self._threads.find_one(own(caller, _id=thread, **{"pending.turn": turn}), {"_id": 1}):
            raise Conflict("another process has taken this turn over", Reason.LEASE_LOST)

    async def _read(self, pipeline: list[dict[str, Any]]) -> list[Document]:
        with translated():
            cursor = await self._turns.aggregate(pipeline)
            return await cursor.to_list()


def _now() -> datetime:
    """The time as MongoDB keeps it, to the millisecond, so that a repeated call is told the same."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def _unended(turn: str, token: int) -> Document:
    """Matches a fence of this or an older token; where the turn has ended, an upsert meets a duplicate key."""
    return {"_id": turn, "fencing_token": {"$lte": token}, "ended": {"$exists": False}}


def _place_in(thread: Document, turn: str, call: str) -> Place:
    queued = [entry["turn"] for entry in thread["pending"]]
    if turn not in queued:
        return Place(None, ahead=tuple(queued))
    number = queued.index(turn)
    entry = thread["pending"][number]
    return Place(
        to_waiting(thread, entry, alive=True, state=State.QUEUED if number else State.RUNNING),
        attached=entry["call"] != call,
        video_changed=entry["video_changed"],
        ahead=tuple(queued[:number]),
    )
