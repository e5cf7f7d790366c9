"""Turns in MongoDB: running ones in their thread's queue, ended ones in a row of their own."""

from collections import OrderedDict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from pymongo import ASCENDING, DESCENDING, ReturnDocument
from pymongo.errors import DuplicateKeyError

from kit.auth.caller import Caller
from kit.errors import Conflict, Reason
from kit.mongo import translated
from services.threads.adapters.mongo import queueing, surveying
from services.threads.adapters.mongo.commands import DURABLE, Commands
from services.threads.adapters.mongo.database import Database
from services.threads.adapters.mongo.documents import TERMS, Document, now, own, to_ended, to_thread, to_waiting
from services.threads.adapters.mongo.fences import unended
from services.threads.adapters.mongo.finishing import Finishing
from services.threads.adapters.mongo.folding import Fold, Folding
from services.threads.adapters.mongo.joining import (
    Joining,
    after_join,
    found_thread,
    is_another_video,
    joined_turn,
    known_thread,
)
from services.threads.adapters.mongo.keeping import Keeping, ids_of, to_past
from services.threads.adapters.mongo.known import KnownThread, KnownThreads
from services.threads.adapters.mongo.queueing import Mended
from services.threads.adapters.mongo.rows import Rows
from services.threads.model import Lease, State, Thread, Turn, turn_id
from services.threads.ports import UNSEEN, Joined, NewTurn, Place, Survey

# Threads of whose ended turns only some are known by their ids, as far as this process has seen.
REMEMBERED = 10_000


class MongoTurns:
    """In the usual case a turn costs one write to begin, and one to end, which it shares with others."""

    def __init__(self, database: Database, *, abandoned_after: timedelta) -> None:
        self._database = database
        self._threads = database.threads
        self._turns = database.turns
        self._abandoned_after = abandoned_after
        self._commands = Commands(database.database)
        self._joining = Joining(self._commands)
        self._keeping = Keeping()
        self._known = KnownThreads()
        self._folding = Folding(self._commands, self._keeping, self._folded)
        self._finishing = Finishing(database, Rows(self._commands), self._folding)
        self._long: OrderedDict[str, None] = OrderedDict()

    async def close(self) -> None:
        """Writes what was put off."""
        await self._folding.close()

    def _folded(self, fold: Fold) -> None:
        self._known.fold(fold, self._keeping.turns)

    async def survey(self, caller: Caller, thread: str, turn: str, recent: int) -> Survey:
        # The queue is read first, so that a row says more than the queue did, never less.
        pipeline = [
            *surveying.queue_of(caller, thread),
            surveying.also("turns", surveying.recent_rows(caller, thread, recent)),
            surveying.also("turns", surveying.ended_row(caller, thread, turn)),
        ]
        with translated():
            cursor = await self._threads.aggregate(pipeline)
            found = await cursor.to_list()
        queues = [document for document in found if "is_queue" in document]
        turns = [to_ended(document) for document in found if "is_queue" not in document]
        # The turn itself comes last, whole; among the recent ones it may stand without its citations.
        this = turns.pop() if turns and turns[-1].id == turn else None
        if not queues:
            return Survey(turns, turn=this)
        [queue] = queues
        waiting = surveying.waiting_in(queue, self._abandoned_after, *turns)
        orphans = [other for other in waiting if not other.owner_alive and other.id != turn]
        left = queue["turn_count"] - len(queue["pending"])
        return Survey(turns, surveying.ended_in(queue, *turns), orphans, this, left)

    async def join(self, caller: Caller, thread: str, new: NewTurn) -> Joined | None:
        turn = turn_id(thread, new.question.request_id)
        self._keeping.grow(new.history_tokens)
        folds, known = await self._folding.take(thread), self._known.take(thread)
        joined = None
        try:
            if turn not in [fold.turn for fold in folds]:
                joined = await self._join(caller, thread, turn, new, folds, known)
        finally:
            if joined is None:
                self._folding.put(*folds)
        return joined

    async def _join(
        self, caller: Caller, thread: str, turn: str, new: NewTurn, folds: Sequence[Fold], known: KnownThread | None
    ) -> Joined | None:
        with translated():
            is_new = new.has_fresh_id
            if not is_new and not self._can_tell(thread, known):
                if await self._turns.find_one(own(caller, _id=turn), {"_id": 1}):
                    return None
                is_new = True
            if known is not None and known.turn in ("", *(fold.turn for fold in folds)):
                joined = await self._join_known(caller, thread, turn, new, folds, known)
                if joined is not None:
                    return joined
            document = await self._joining.read_and_join(
                caller, thread, turn, new, folds, is_new=is_new, kept=self._keeping.turns
            )
        if document is None:
            return None
        known, [entry] = known_thread(document, turn, new.question.video_url), document["pending"]
        self._has_joined(thread, known)
        placed = joined_turn(thread, known.course, turn, new, sequence=entry["sequence"], created=entry["created"])
        return Joined(placed, entry["video_changed"], to_past(known.past, known.past_count))

    def _can_tell(self, thread: str, known: KnownThread | None) -> bool:
        """Whether the ids that the thread keeps say that no ended turn has another one, as far as is known."""
        return thread not in self._long and (known is None or known.has_all_ids)

    async def _join_known(
        self, caller: Caller, thread: str, turn: str, new: NewTurn, folds: Sequence[Fold], known: KnownThread
    ) -> Joined | None:
        """None where somebody else has written to the thread since, and what they left is not the usual case."""
        if not self._known.is_worth_a_guess():
            return None
        joined = await self._guess(caller, thread, turn, new, folds, known)
        self._known.guessed(right=isinstance(joined, Joined))
        if isinstance(joined, dict):
            found = found_thread(joined, folds)
            if found is None or not (new.has_fresh_id or found.has_all_ids):
                return None
            joined = await self._guess(caller, thread, turn, new, folds, found)
        return joined if isinstance(joined, Joined) else None

    async def _guess(
        self, caller: Caller, thread: str, turn: str, new: NewTurn, folds: Sequence[Fold], known: KnownThread
    ) -> Joined | Document | None:
        """The turn in its thread; where the guess was wrong the thread as it is, None without one."""
        kept = self._keeping.turns
        placed = joined_turn(thread, known.course, turn, new, sequence=known.next_sequence, created=now())
        became = await self._joining.join(caller, placed, new, folds, known, kept=kept)
        if became is not True:
            return became or None
        if folds:
            known = known.folded(folds, kept)
        changed = is_another_video(known, new)
        known = after_join(known, placed)
        self._has_joined(thread, known)
        return Joined(placed, changed, to_past(known.past, known.past_count))

    def _has_joined(self, thread: str, known: KnownThread) -> None:
        self._known.put(thread, known)
        if not known.has_all_ids:
            self._remember_long(thread)

    async def enqueue(self, caller: Caller, thread: str, new: NewTurn, survey: Survey = UNSEEN) -> Place | None:
        turn = turn_id(thread, new.question.request_id)
        command = {
            "findAndModify": "threads",
            "query": own(caller, _id=thread),
            "update": queueing.enqueueing(turn, new, survey, self._mended(survey)),
            "new": True,
            "fields": {"course": 1, "pending": 1, "past_count": 1, "past_ids": 1},
            "writeConcern": DURABLE,
        }
        self._known.take(thread)
        with translated():
            document = (await self._commands.run(command))["value"]
        if document is None:
            return None
        await self._folding.keep(thread, {entry["turn"] for entry in document["pending"]})
        if document.get("past_count", 0) > len(document.get("past_ids", ())):
            self._remember_long(thread)
        return _place_in(document, turn, new.call)

    def _mended(self, survey: Survey) -> Mended | None:
        if survey.left is None:
            return None
        seen = list(reversed(survey.recent))
        documents = [self._keeping.document(turn) for turn in seen[-self._keeping.turns :]]
        return Mended(documents, ids_of(seen), survey.left)

    def _remember_long(self, thread: str) -> None:
        self._long[thread] = None
        self._long.move_to_end(thread)
        if len(self._long) > REMEMBERED:
            self._long.popitem(last=False)

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
            cursor = self._turns.find(conditions, {TERMS: 0}).sort("sequence", DESCENDING if descending else ASCENDING)
            return [to_ended(document) for document in await cursor.limit(limit).to_list()]

    async def queue(self, caller: Caller, thread: str) -> Sequence[Turn] | None:
        with translated():
            cursor = await self._threads.aggregate(surveying.queue_of(caller, thread))
            found = await cursor.to_list()
        return surveying.waiting_in(found[0], self._abandoned_after) if found else None

    async def finish(self, caller: Caller, turn: Turn, lease: Lease) -> Turn:
        return await self._finishing.finish(caller, turn, lease)

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
            await self._turns.update_one(unended(turn.id, token), {"$set": place}, upsert=True)
        except DuplicateKeyError:
            return False
        return True

    async def discard(self, caller: Caller, thread: str, turn: str, lease: Lease) -> Thread | None:
        held = {"turn": turn, "owner": lease.owner, "token": lease.token}
        self._known.take(thread)
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
