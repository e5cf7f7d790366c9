from collections.abc import Sequence
from typing import Protocol

from kit.auth.caller import Caller
from services.threads.model.records import Record


class RecordStore(Protocol):
    """Records, each of which its owner alone can see. They end some days after their last change."""

    async def keep(self, caller: Caller, record: Record) -> Record | None:
        """A new record, or a new body for the caller's; None where the id is somebody else's."""

    async def find(self, caller: Caller, record: str) -> Record | None: ...

    async def append(self, caller: Caller, record: str, entries: Sequence[str], most: int) -> Record | None:
        """The record with the entries at its end; None where it is gone or would hold more than `most`."""

    async def page(self, caller: Caller, after: str, limit: int) -> Sequence[Record]:
        """By id, after `after`."""

    async def erase(self, caller: Caller) -> None:
        """Discards all of them; repeatable."""

    async def discard(self, caller: Caller, record: str) -> bool:
        """Whether it was there."""
