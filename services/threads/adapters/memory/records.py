from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from kit.auth.caller import Caller
from services.threads.model.records import Record


class MemoryRecords:
    """Records in the process's own memory."""

    def __init__(self) -> None:
        self._records: dict[str, tuple[tuple[str, str], Record]] = {}

    async def keep(self, caller: Caller, record: Record) -> Record | None:
        known = await self.find(caller, record.id)
        if known is None and record.id in self._records:
            return None
        kept = replace(known, body=record.body) if known else replace(record, created=datetime.now(UTC))
        return self._put(caller, kept)

    async def find(self, caller: Caller, record: str) -> Record | None:
        owner, found = self._records.get(record, (None, None))
        return found if owner == (caller.tenant, caller.user) else None

    async def append(self, caller: Caller, record: str, entries: Sequence[str], most: int) -> Record | None:
        found = await self.find(caller, record)
        if found is None or len(found.entries) + len(entries) > most:
            return None
        return self._put(caller, replace(found, entries=(*found.entries, *entries)))

    async def page(self, caller: Caller, after: str, limit: int) -> Sequence[Record]:
        names = sorted(name for name in self._records if name > after)
        found = [record for name in names if (record := await self.find(caller, name))]
        return found[:limit]

    async def erase(self, caller: Caller) -> None:
        for record in await self.page(caller, "", len(self._records)):
            del self._records[record.id]

    async def discard(self, caller: Caller, record: str) -> bool:
        if await self.find(caller, record) is None:
            return False
        del self._records[record]
        return True

    def _put(self, caller: Caller, record: Record) -> Record:
        self._records[record.id] = ((caller.tenant, caller.user), record)
        return record
