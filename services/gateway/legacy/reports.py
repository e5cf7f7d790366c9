"""`/api/reports`: a session is a thread."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kit.auth.caller import Caller
from kit.errors import NotFound
from kit.jobs.model import Job, State
from kit.jobs.ports import JobQuery
from services.gateway.jobs.reading import JobReader
from services.gateway.legacy.ports import Reports

KIND = "generate_report"
STATES = {
    State.QUEUED: "waiting",
    State.RUNNING: "active",
    State.SUCCEEDED: "completed",
    State.FAILED: "failed",
    State.CANCELLED: "failed",
}
QUEUED = "Report generation started. Check back in 30-60 seconds."


class SessionReports:
    """Reports on the caller's sessions, as jobs."""

    def __init__(self, reports: Reports, reader: JobReader) -> None:
        self._reports = reports
        self._reader = reader

    async def ask(self, request: Request, caller: Caller) -> Response:
        """Says `queued` however far the job has come by now: that is what `status` tells."""
        session = request.path_params["session"]
        job = await self._reports.ask(caller, session)
        url = f"/api/reports/session/{session}/status"
        return JSONResponse({"success": True, "status": "queued", "jobId": job, "message": QUEUED, "statusUrl": url})

    async def status(self, request: Request, caller: Caller) -> Response:
        """Of the session's latest report; `reportUrl` once it is there."""
        job = await self._latest(caller, request.path_params["session"])
        told = {"success": True, "status": STATES[job.state], "progress": job.progress, "jobId": job.id}
        if job.state is State.SUCCEEDED:
            told["reportUrl"] = f"/v1/reports/{job.id}"
        if job.state is State.FAILED and job.failure:
            told["error"] = job.failure.message
        return JSONResponse(told)

    async def _latest(self, caller: Caller, session: str) -> Job:
        """Raises NotFound where none of the caller's report jobs is about the session."""
        page = await self._reader.page(caller, JobQuery(1, kind=KIND, payload={"thread": session}), "")
        if not page.jobs:
            raise NotFound("no report was asked for on this session")
        return page.jobs[0]
