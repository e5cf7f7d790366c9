"""Reports as those see them who ask for them and read them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from kit.auth.caller import Caller
from kit.errors import NotFound, Reason
from kit.jobs.model import Job, State, Submission
from kit.jobs.submitting import Jobs
from kit.pagination import PageTokens
from services.threads.model import Report
from services.threads.ports import ReportQuery, ReportStore, ThreadStore
from services.threads.service.limits import check_request_id


@dataclass(frozen=True, slots=True)
class ReportPage:
    reports: Sequence[Report]
    next_token: str = ""


class Reports:
    """Asked for as a job whose id is the report's."""

    def __init__(self, *, threads: ThreadStore, reports: ReportStore, jobs: Jobs, tokens: PageTokens) -> None:
        self._threads = threads
        self._reports = reports
        self._jobs = jobs
        self._tokens = tokens

    async def ask(self, caller: Caller, thread: str, request_id: str) -> Job:
        """The job; the same one for the same request, or where the thread has not changed since."""
        check_request_id(request_id)
        found = await self._threads.edition(caller, thread)
        if found is None:
            raise NotFound("no such thread", Reason.THREAD_NOT_FOUND)
        payload = {"thread": thread, "user": found.key.user, "course": found.key.course}
        key = f"{caller.user}/{thread}/{request_id or f'@{found.name}'}"
        job = await self._jobs.submit(caller, Submission("generate_report", payload, key=key))
        if not request_id and job.state in (State.FAILED, State.CANCELLED):
            return await self._jobs.retry(caller, job.id)
        return job

    async def get(self, caller: Caller, report: str) -> Report:
        found = await self._reports.find(caller, report)
        if found is None:
            raise NotFound("no such report")
        return found

    async def page(self, caller: Caller, query: ReportQuery, token: str = "") -> ReportPage:
        """A page of reports; `token` is that of the page before."""
        scope = "\0".join(["reports", caller.tenant, caller.user, query.thread])
        if cursor := self._tokens.decode(token, scope):
            query = replace(query, after=(datetime.fromisoformat(cursor[0]), cursor[1]))
        found = await self._reports.page(caller, replace(query, limit=query.limit + 1))
        if len(found) <= query.limit:
            return ReportPage(found)
        shown = found[: query.limit]
        return ReportPage(shown, self._tokens.encode(scope, [shown[-1].created.isoformat(), shown[-1].id]))
