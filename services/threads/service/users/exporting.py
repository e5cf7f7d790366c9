"""Hands over everything of a user, page by page."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from kit.auth.caller import Caller
from kit.jobs.model import Job
from kit.jobs.ports import JobQuery, JobStore
from kit.pagination import PageTokens
from services.threads.model import Order, Report, Thread, Turn
from services.threads.model.records import Record
from services.threads.ports import (
    Memberships,
    ReportQuery,
    ReportStore,
    Spending,
    Spent,
    ThreadQuery,
    ThreadStore,
    TurnStore,
)
from services.threads.ports.records import RecordStore
from services.threads.service.users.subjects import subject

Cursor = list[Any]


@dataclass(slots=True)
class Export:
    """A page of a user's data; what comes all at once comes with the last."""

    threads: list[Thread] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    reports: Sequence[Report] = ()
    records: Sequence[Record] = ()
    jobs: Sequence[Job] = ()
    courses: Sequence[str] = ()
    spent: Sequence[Spent] = ()
    next_token: str = ""


class Exporting:
    """Threads with their turns first, then reports, then records, then jobs with all the rest."""

    def __init__(
        self,
        *,
        threads: ThreadStore,
        turns: TurnStore,
        reports: ReportStore,
        records: RecordStore,
        jobs: JobStore,
        memberships: Memberships,
        spending: Spending,
        tokens: PageTokens,
    ) -> None:
        self._threads = threads
        self._turns = turns
        self._reports = reports
        self._records = records
        self._jobs = jobs
        self._memberships = memberships
        self._spending = spending
        self._tokens = tokens

    async def page(self, caller: Caller, user: str, limit: int, token: str = "") -> Export:
        """A page of about `limit` things; raises NotFound where the user is not the caller's to export."""
        whose = subject(caller, user)
        scope = "\0".join(["export", caller.tenant, caller.user, user])
        section, *after = self._tokens.decode(token, scope) or ["threads"]
        sections = {"threads": self._conversations, "reports": self._written, "records": self._kept, "jobs": self._rest}
        page, cursor = await sections[section](whose, after, limit)
        page.next_token = self._tokens.encode(scope, cursor) if cursor else ""
        return page

    async def _conversations(self, whose: Caller, after: Cursor, limit: int) -> tuple[Export, Cursor]:
        """The cursor is the last thread's time and id, and the first of its turns that is still to come."""
        page = Export()
        created, thread, sequence = after or ("", "", 0)
        while len(page.threads) + len(page.turns) < limit:
            if not sequence:
                place = (datetime.fromisoformat(created), thread) if created else None
                found = await self._threads.page(whose, ThreadQuery(1, Order.CREATED, after=place))
                if not found:
                    return page, ["reports"]
                page.threads.append(found[0])
                created, thread, sequence = found[0].created.isoformat(), found[0].id, 1
            room = max(1, limit - len(page.threads) - len(page.turns))
            turns = await self._turns.ended(whose, thread, sequence, room, descending=False)
            page.turns += turns
            sequence = turns[-1].sequence + 1 if len(turns) == room else 0
        return page, ["threads", created, thread, sequence]

    async def _written(self, whose: Caller, after: Cursor, limit: int) -> tuple[Export, Cursor]:
        place = (datetime.fromisoformat(after[0]), after[1]) if after else None
        reports = await self._reports.page(whose, ReportQuery(limit, after=place))
        if len(reports) < limit:
            return Export(reports=reports), ["records"]
        return Export(reports=reports), ["reports", reports[-1].created.isoformat(), reports[-1].id]

    async def _kept(self, whose: Caller, after: Cursor, limit: int) -> tuple[Export, Cursor]:
        records = await self._records.page(whose, after[0] if after else "", limit)
        return Export(records=records), ["records", records[-1].id] if len(records) == limit else ["jobs"]

    async def _rest(self, whose: Caller, after: Cursor, limit: int) -> tuple[Export, Cursor]:
        place = (datetime.fromtimestamp(after[0] / 1000, UTC), after[1]) if after else None
        jobs = await self._jobs.page(whose, JobQuery(limit, after=place))
        if len(jobs) == limit:
            return Export(jobs=jobs), ["jobs", round(jobs[-1].created.timestamp() * 1000), jobs[-1].id]
        courses, spent = await self._memberships.courses(whose), await self._spending.spent(whose)
        return Export(jobs=jobs, courses=courses, spent=spent), []
