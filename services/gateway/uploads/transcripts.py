"""`POST /v1/courses/{course}/videos:import` with the file of a form.

With JSON the edge takes the same path to the context service.
"""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from kit.auth.caller import Caller
from kit.errors import InvalidArgument, PermissionDenied
from services.gateway.http.door import Door
from services.gateway.uploads.forms import Form, read_any_form
from services.gateway.uploads.ports import Transcript, TranscriptDesk

MOST_MEGABYTES = 20
VIDEO_URL = ("videoUrl", "video_url")


class TranscriptUploads:
    """Takes the file of a form as a video's transcript, byte by byte: what its letters are is found out behind this."""

    def __init__(self, desk: TranscriptDesk) -> None:
        self._desk = desk

    def routes(self, door: Door) -> Sequence[BaseRoute]:
        return [Route("/v1/courses/{course}/videos:import", door(self.into_course), methods=["POST"])]

    async def into_course(self, request: Request, caller: Caller) -> Response:
        if not caller.is_teacher:
            raise PermissionDenied("only teachers import transcripts")
        async with read_any_form(request, MOST_MEGABYTES, most_files=1) as form:
            transcript = await _transcript(form, f"courses/{request.path_params['course']}")
        return JSONResponse(await self._desk.bring(caller, transcript))


async def _transcript(form: Form, course: str) -> Transcript:
    url = form.text(*VIDEO_URL)
    if not url:
        raise InvalidArgument("videoUrl must not be empty", field="videoUrl")
    [upload] = form.uploads
    return Transcript(course, url, await upload.read(), form.text("title"), form.text("format"))
