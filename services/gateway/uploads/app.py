"""`POST /v1/documents` and `POST /v1/courses/{course}/documents`."""

from collections.abc import Sequence
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from kit.auth.caller import Caller
from kit.errors import InvalidArgument, LecternError, PermissionDenied
from services.gateway.http.door import Door
from services.gateway.uploads.forms import Form, read_form
from services.gateway.uploads.ports import DocumentDesk

TITLE = ("courseTitle", "course_title")

log = structlog.get_logger()


class Uploads:
    """Takes the files of a form into a course, and answers at once with the jobs that read them."""

    def __init__(self, desk: DocumentDesk, *, most_megabytes: int) -> None:
        self._desk = desk
        self._most_megabytes = most_megabytes

    def routes(self, door: Door) -> Sequence[BaseRoute]:
        return [
            Route("/v1/documents", door(self.into_new), methods=["POST"]),
            Route("/v1/courses/{course}/documents", door(self.into_course), methods=["POST"]),
        ]

    async def into_new(self, request: Request, caller: Caller) -> Response:
        return JSONResponse(await self.made(request, caller))

    async def made(self, request: Request, caller: Caller) -> dict[str, Any]:
        """A new course of the form's files; the last of its jobs makes chapters and quizzes of them."""
        _check(caller)
        async with read_form(request, self._most_megabytes) as form:
            title = form.text(*TITLE)
            if not title:
                raise InvalidArgument("courseTitle must not be empty", field="courseTitle")
            course = await self._desk.open_course(caller, title)
            try:
                taken = await self._taken(caller, course, form)
                taken["jobs"].append(await self._desk.build(caller, course))
            except LecternError:
                await self._close(caller, course)
                raise
            return taken

    async def into_course(self, request: Request, caller: Caller) -> Response:
        _check(caller)
        async with read_form(request, self._most_megabytes) as form:
            return JSONResponse(await self._taken(caller, f"courses/{request.path_params['course']}", form))

    async def _close(self, caller: Caller, course: str) -> None:
        """Deletes a course of which only a part was taken: its teacher was told of a failure, and will try again."""
        try:
            await self._desk.close_course(caller, course)
        except LecternError as error:
            log.warning("course_left_behind", course=course, reason=error.reason)

    async def _taken(self, caller: Caller, course: str, form: Form) -> dict[str, Any]:
        taken = [await self._desk.take(caller, course, file) for file in form.files(form.text("title"))]
        return {
            "course": course,
            "documents": [each.document for each in taken],
            "jobs": [each.job for each in taken],
        }


def _check(caller: Caller) -> None:
    """Before the files are read."""
    if not caller.is_teacher:
        raise PermissionDenied("only teachers upload documents")
