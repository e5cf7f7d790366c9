"""`/api/jobs` and `/api/courses`."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kit.auth.caller import Caller
from kit.jobs.model import Job, State
from services.gateway.jobs.reading import JobReader
from services.gateway.legacy.ports import Library

STATES = {
    State.QUEUED: "PENDING",
    State.RUNNING: "STARTED",
    State.SUCCEEDED: "SUCCESS",
    State.FAILED: "FAILURE",
    State.CANCELLED: "REVOKED",
}


class Tasks:
    """Jobs under the name that they had."""

    def __init__(self, reader: JobReader) -> None:
        self._reader = reader

    async def get(self, request: Request, caller: Caller) -> Response:
        return JSONResponse(task_of(await self._reader.get(caller, request.path_params["task"])))


class Courses:
    """The courses of the caller's tenant."""

    def __init__(self, library: Library) -> None:
        self._library = library

    async def list(self, _: Request, caller: Caller) -> Response:
        return JSONResponse(
            [
                {
                    "id": course.id,
                    "title": course.title,
                    "description": course.description,
                    "videoCount": course.videos,
                }
                for course in await self._library.courses(caller)
            ]
        )


def task_of(job: Job) -> dict[str, object]:
    message = job.failure.message if job.state is State.FAILED and job.failure else job.message
    return {"task_id": job.id, "status": STATES[job.state], "progress": job.progress, "message": message}
