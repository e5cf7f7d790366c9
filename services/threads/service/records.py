"""Records of clients that bring their own shapes: kept, bounded, and nobody else's."""

import re
from collections.abc import Sequence

from kit.auth.caller import Caller
from kit.errors import FailedPrecondition, InvalidArgument, NotFound, Reason
from services.threads.model.records import Record
from services.threads.ports.records import RecordStore

ID = re.compile(r"[a-z]{2,8}_[A-Za-z0-9]{8,64}")
MAX_ENTRIES = 200
# In bytes; 200 entries and a body fit one document of MongoDB.
MAX_LENGTH = 64 * 1024


class Records:
    """Raises NotFound for what is not the caller's."""

    def __init__(self, store: RecordStore) -> None:
        self._store = store

    async def keep(self, caller: Caller, record: Record) -> Record:
        if not ID.fullmatch(record.id):
            raise InvalidArgument("the id of a record has a prefix and at least 8 letters and digits", field="id")
        _check([record.body, *record.entries])
        if len(record.entries) > MAX_ENTRIES:
            raise InvalidArgument(f"a record holds at most {MAX_ENTRIES} entries", Reason.TOO_LARGE, field="entries")
        return _there(await self._store.keep(caller, record))

    async def read(self, caller: Caller, record: str) -> Record:
        return _there(await self._store.find(caller, record))

    async def append(self, caller: Caller, record: str, entries: Sequence[str]) -> Record:
        _check(entries)
        appended = await self._store.append(caller, record, entries, MAX_ENTRIES)
        if appended is None:
            _there(await self._store.find(caller, record))
            raise FailedPrecondition(f"a record holds at most {MAX_ENTRIES} entries", Reason.TOO_LARGE)
        return appended

    async def discard(self, caller: Caller, record: str) -> None:
        if not await self._store.discard(caller, record):
            raise _missing()


def _check(texts: Sequence[str]) -> None:
    if any(len(text.encode()) > MAX_LENGTH for text in texts):
        raise InvalidArgument(f"a part of a record has at most {MAX_LENGTH} bytes", Reason.TOO_LARGE)


def _there(record: Record | None) -> Record:
    if record is None:
        raise _missing()
    return record


def _missing() -> NotFound:
    return NotFound("no such record")
