"""`/api/upload-pdfs`."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kit.auth.caller import Caller
from services.gateway.uploads.app import Uploads


class PdfUploads:
    """PDFs that become a course; the job that makes it is the task."""

    def __init__(self, uploads: Uploads) -> None:
        self._uploads = uploads

    async def take(self, request: Request, caller: Caller) -> Response:
        made = await self._uploads.made(request, caller)
        build = made["jobs"][-1]
        return JSONResponse(
            {
                "task_id": build["name"].removeprefix("jobs/"),
                "course_id": made["course"].removeprefix("courses/"),
                "status": "PENDING",
                "files": [document["fileName"] for document in made["documents"]],
                "message": "the files were taken; /api/jobs tells how far the course is",
            }
        )
