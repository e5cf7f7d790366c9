from typing import Any

from lectern.context.v1 import outlines_pb2, outlines_pb2_grpc
from lectern.jobs.v1 import jobs_pb2

from kit import names
from kit.call import current_caller
from kit.jobs.messages import job_message
from services.context import convert_teaching
from services.context.service.teaching.outlines import Outlines


class OutlineServicer(outlines_pb2_grpc.OutlineServiceServicer):
    """`lectern.context.v1.OutlineService`."""

    def __init__(self, outlines: Outlines) -> None:
        self._outlines = outlines

    async def BuildCourse(self, request: outlines_pb2.BuildCourseRequest, _: Any) -> jobs_pb2.Job:
        course = names.course_id(request.name, "name")
        return job_message(await self._outlines.build(current_caller(), course, request.request_id))

    async def GetOutline(self, request: outlines_pb2.GetOutlineRequest, _: Any) -> outlines_pb2.Outline:
        course = names.course_id(request.name.removesuffix("/outline"), "name")
        return convert_teaching.outline(course, await self._outlines.get(current_caller(), course))
