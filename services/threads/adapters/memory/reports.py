from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from kit.auth.caller import Caller
from services.threads.adapters.memory.database import MemoryDatabase, may_read
from services.threads.model import Report
from services.threads.ports import ReportQuery


class MemoryReports:
    """Reports in memory."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def keep(self, report: Report) -> Report | None:
        if report.thread not in self._database.threads:
            return None
        return self._database.reports.setdefault(report.id, report)

    async def find(self, caller: Caller, report: str) -> Report | None:
        found = self._database.reports.get(report)
        return found if found is not None and may_read(caller, found.key) else None

    async def page(self, caller: Caller, query: ReportQuery) -> Sequence[Report]:
        readable = [report for report in self._database.reports.values() if may_read(caller, report.key)]
        fitting = [report for report in readable if query.thread in ("", report.thread)]
        newest = sorted(fitting, key=_place, reverse=True)
        return [report for report in newest if query.after is None or _place(report) < query.after][: query.limit]

    async def disown(self, caller: Caller) -> None:
        for report in list(self._database.reports.values()):
            if (report.key.tenant, report.requester) == (caller.tenant, caller.user):
                self._database.reports[report.id] = replace(report, requester="")


def _place(report: Report) -> tuple[datetime, str]:
    return report.created, report.id
