"""Reports on threads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from kit.auth.caller import Caller
from services.threads.model import Report


@dataclass(frozen=True, slots=True)
class ReportQuery:
    """Which reports a caller may read, newest first; `after` is the time and id of the last one seen."""

    limit: int
    thread: str = ""
    after: tuple[datetime, str] | None = None


class ReportStore(Protocol):
    """Reports; students see those on their own threads, teachers those of their tenant."""

    async def keep(self, report: Report) -> Report | None:
        """The report that is kept under this id, which is the first; None where its thread is gone."""

    async def find(self, caller: Caller, report: str) -> Report | None: ...

    async def page(self, caller: Caller, query: ReportQuery) -> Sequence[Report]: ...

    async def disown(self, caller: Caller) -> None:
        """Takes the caller's name off reports on others that they asked for."""
