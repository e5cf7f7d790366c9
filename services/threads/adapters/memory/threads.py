import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from kit.auth.caller import Caller
from services.threads.adapters.memory.database import FINAL_TOKEN, MemoryDatabase, Row, ThreadRecord, may_read
from services.threads.model import Thread, ThreadKey
from services.threads.ports import Edition, ThreadChange, ThreadQuery


class MemoryThreads:
    """Threads in memory."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def open(self, key: ThreadKey, title: str) -> str:
        for record in self._database.threads.values():
            if record.key == key:
                return record.id
        now = datetime.now(UTC)
        fresh = ThreadRecord(secrets.token_hex(12), key, title, now, now)
        self._database.threads[fresh.id] = fresh
        return fresh.id

    async def get(self, caller: Caller, thread: str) -> Thread | None:
        record = self._database.owned(caller, thread)
        return None if record is None else self._database.thread(record)

    async def edition(self, caller: Caller, thread: str) -> Edition | None:
        record = self._database.threads.get(thread)
        if record is None or not may_read(caller, record.key):
            return None
        return Edition(record.key, f"{record.next_sequence}@{record.updated.isoformat()}")

    async def get_many(self, caller: Caller, threads: Collection[str]) -> Mapping[str, Thread]:
        found = {thread: await self.get(caller, thread) for thread in threads}
        return {name: thread for name, thread in found.items() if thread is not None}

    async def page(self, caller: Caller, query: ThreadQuery) -> Sequence[Thread]:
        threads = [self._database.thread(record) for record in self._database.all_owned(caller)]
        fitting = sorted((t for t in threads if _fits(t, query)), key=lambda t: _place(t, query), reverse=True)
        return [t for t in fitting if query.after is None or _place(t, query) < query.after][: query.limit]

    async def idle(self, before: datetime, limit: int) -> Sequence[Thread]:
        records = sorted(self._database.threads.values(), key=lambda record: record.created)
        return [self._database.thread(record) for record in records if record.updated < before][:limit]

    async def change(self, caller: Caller, thread: str, change: ThreadChange) -> Thread | None:
        record = self._database.owned(caller, thread)
        if record is None:
            return None
        if change.title is not None:
            record.title, record.provisional_title = change.title, False
        if change.metadata is not None:
            record.metadata = dict(change.metadata)
        else:
            merged = {**record.metadata, **change.labels}
            record.metadata = {key: value for key, value in merged.items() if value is not None}
        record.updated = datetime.now(UTC)
        return self._database.thread(record)

    async def retitle(self, caller: Caller, thread: str, title: str) -> Thread | None:
        record = self._database.owned(caller, thread)
        if record is None or not record.provisional_title:
            return None
        record.title, record.provisional_title = title, False
        return self._database.thread(record)

    async def delete(self, caller: Caller, thread: str) -> ThreadKey | None:
        record = self._database.owned(caller, thread)
        if record is None:
            return None
        self._database.make_stale(record)
        del self._database.threads[thread]
        rows, reports = self._database.rows, self._database.reports
        for report in [report for report in reports.values() if report.thread == thread]:
            del reports[report.id]
        for turn in [turn for turn, row in rows.items() if row.turn is not None and row.turn.thread == thread]:
            del rows[turn]
        for entry in record.waiting:
            rows[entry.turn.id] = Row(FINAL_TOKEN, record.key, None)
        return record.key


def _place(thread: Thread, query: ThreadQuery) -> tuple[datetime, str]:
    return getattr(thread, query.order.value), thread.id


def _fits(thread: Thread, query: ThreadQuery) -> bool:
    right_course = not query.course or thread.key.course == query.course
    return right_course and all(thread.metadata.get(key) == value for key, value in query.metadata)
