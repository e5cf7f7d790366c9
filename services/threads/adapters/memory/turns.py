import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from kit.auth.caller import Caller
from kit.errors import Conflict, NotFound, Reason
from services.threads.adapters.memory.database import (
    FINAL_TOKEN,
    MemoryDatabase,
    Row,
    ThreadRecord,
    Waiting,
    is_abandoned,
    state_at,
)
from services.threads.model import Exchange, Lease, Past, Question, State, Thread, ThreadKey, Turn, turn_id
from services.threads.model.past import MAX_TURNS
from services.threads.ports import UNSEEN, Joined, NewTurn, Place, Survey


class MemoryTurns:
    """Turns in memory."""

    def __init__(self, database: MemoryDatabase, *, abandoned_after: timedelta) -> None:
        self._database = database
        self._abandoned_after = abandoned_after

    async def survey(self, caller: Caller, thread: str, turn: str, recent: int) -> Survey:
        ended = await self.ended(caller, thread, 2**31, recent, descending=True)
        this = next((other for other in self._database.ended(caller) if other.id == turn), None)
        record = self._database.owned(caller, thread)
        if record is None:
            return Survey(ended, turn=this)
        gone = frozenset(entry.turn.id for entry in record.waiting if self._database.has_ended(entry.turn.id))
        waiting = self._queue(record)
        orphans = [one for one in waiting if not one.owner_alive and one.id != turn]
        return Survey(ended, gone, orphans, this, record.turn_count - len(record.waiting))

    async def join(self, caller: Caller, thread: str, new: NewTurn) -> Joined | None:
        record, turn = self._database.owned(caller, thread), turn_id(thread, new.question.request_id)
        if record is None or turn in self._database.rows or self._database.running(record):
            return None
        ended = await self.ended(caller, thread, 2**31, MAX_TURNS, descending=True)
        kept = [Exchange(one.question.text, one.answer.text, one.question.video_url) for one in ended]
        record.waiting = []
        self._append(record, turn, new.question, new.owner)
        [entry] = record.waiting
        joined = replace(entry.turn, lease=entry.lease, owner_alive=True)
        return Joined(joined, entry.video_changed, Past(tuple(kept), older=1 if len(kept) == MAX_TURNS else None))

    async def enqueue(self, caller: Caller, thread: str, new: NewTurn, survey: Survey = UNSEEN) -> Place | None:
        record = self._database.owned(caller, thread)
        if record is None:
            return None
        record.waiting = [entry for entry in record.waiting if entry.turn.id not in survey.ended]
        turn = turn_id(thread, new.question.request_id)
        queued = [entry.turn.id for entry in record.waiting]
        if turn not in queued and len(queued) >= new.capacity:
            return Place(None, ahead=tuple(queued))
        attached = turn in queued
        if not attached:
            self._append(record, turn, new.question, new.owner)
            queued.append(turn)
        place = queued.index(turn)
        entry = record.waiting[place]
        placed = replace(entry.turn, lease=entry.lease, owner_alive=True, state=state_at(place))
        return Place(placed, attached, entry.video_changed, tuple(queued[:place]))

    def _append(self, record: ThreadRecord, turn: str, question: Question, owner: str) -> None:
        now = datetime.now(UTC)
        fresh = Turn(turn, record.id, record.key.course, record.next_sequence, question, State.RUNNING, now)
        changed = record.next_sequence > 1 and record.video_url != question.video_url
        record.waiting.append(Waiting(fresh, Lease(owner, 1), changed, record.video_url))
        record.next_sequence += 1
        record.turn_count += 1
        record.video_url = question.video_url
        record.updated = now

    async def find(self, caller: Caller, thread: str, turn: str) -> Turn | None:
        for ended in self._database.ended(caller):
            if ended.id == turn and ended.thread == thread:
                return ended
        return next((one for one in await self.queue(caller, thread) or () if one.id == turn), None)

    async def ended(self, caller: Caller, thread: str, start: int, limit: int, *, descending: bool) -> Sequence[Turn]:
        turns = sorted(
            (turn for turn in self._database.ended(caller) if turn.thread == thread),
            key=lambda turn: turn.sequence,
            reverse=descending,
        )
        return [t for t in turns if (t.sequence <= start if descending else t.sequence >= start)][:limit]

    async def queue(self, caller: Caller, thread: str) -> Sequence[Turn] | None:
        record = self._database.owned(caller, thread)
        return None if record is None else self._queue(record)

    def _queue(self, record: ThreadRecord) -> list[Turn]:
        now = datetime.now(UTC)
        return [
            replace(
                entry.turn,
                state=state_at(place),
                lease=entry.lease,
                owner_alive=self._lives(entry.lease.owner) and not is_abandoned(entry.turn, now, self._abandoned_after),
            )
            for place, entry in enumerate(self._database.running(record))
        ]

    def _lives(self, owner: str) -> bool:
        return self._database.owners.get(owner, 0.0) > time.monotonic()

    async def finish(self, caller: Caller, turn: Turn, lease: Lease) -> Turn:
        row = self._database.rows.get(turn.id)
        if row is not None and row.token == FINAL_TOKEN:
            raise NotFound("the thread has been deleted", Reason.THREAD_NOT_FOUND)
        if row is not None and row.turn is not None and row.token == lease.token:
            return row.turn
        if row is not None and (row.turn is not None or row.token > lease.token):
            raise Conflict("another process has taken this turn over", Reason.LEASE_LOST)
        ended = replace(turn, ended=datetime.now(UTC), lease=None)
        key = ThreadKey(caller.tenant, caller.user, turn.course)
        self._database.rows[turn.id] = Row(lease.token, key, ended)
        return ended

    async def reassign(self, caller: Caller, turn: Turn, owner: str) -> Lease | None:
        entry = self._entry(caller, turn.thread, turn.id)
        if entry is None or entry.lease != turn.lease or self._database.has_ended(turn.id):
            return None
        entry.lease = Lease(owner, entry.lease.token + 1)
        key = ThreadKey(caller.tenant, caller.user, turn.course)
        self._database.rows[turn.id] = Row(entry.lease.token, key, None)
        return entry.lease

    async def discard(self, caller: Caller, thread: str, turn: str, lease: Lease) -> Thread | None:
        record, entry = self._database.owned(caller, thread), self._entry(caller, thread, turn)
        if record is None or entry is None:
            return None
        if entry.lease != lease:
            raise Conflict("another process has taken this turn over", Reason.LEASE_LOST)
        record.waiting.remove(entry)
        record.turn_count -= 1
        if entry.turn.sequence + 1 == record.next_sequence:
            record.video_url = entry.video_before
        if record.turn_count:
            return None
        del self._database.threads[thread]
        return self._database.thread(record)

    def _entry(self, caller: Caller, thread: str, turn: str) -> Waiting | None:
        record = self._database.owned(caller, thread)
        return next((entry for entry in record.waiting if entry.turn.id == turn), None) if record else None
