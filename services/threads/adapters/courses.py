"""Courses as the context service knows them, and a set of them in memory."""

from collections.abc import Collection

from lectern.context.v1 import courses_pb2, courses_pb2_grpc

from kit.auth.caller import Caller
from kit.channel import Peer
from kit.errors import NotFound, Reason


class GrpcCourses:
    """Asks the context service, on behalf of the caller."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._stub = peer.stub(courses_pb2_grpc.CourseServiceStub)

    async def check(self, caller: Caller, course: str) -> None:
        request = courses_pb2.GetCourseRequest(name=f"courses/{course}")
        await self._peer.call(self._stub.GetCourse, request, caller, idempotent=True)


class MemoryCourses:
    """Courses by tenant and id."""

    def __init__(self, courses: Collection[tuple[str, str]]) -> None:
        self._courses = courses

    async def check(self, caller: Caller, course: str) -> None:
        if (caller.tenant, course) not in self._courses:
            raise NotFound("no such course", Reason.COURSE_NOT_FOUND)
