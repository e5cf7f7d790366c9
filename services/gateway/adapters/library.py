from collections.abc import Sequence

from lectern.context.v1 import courses_pb2, courses_pb2_grpc

from kit.auth.caller import Caller
from kit.channel import Peer
from services.gateway.legacy.ports import Course, Preloaded

PAGE = 200
MAX_PAGES = 50
PRELOAD_SECONDS = 60.0


class GrpcLibrary:
    """The context service, over gRPC."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._stub = peer.stub(courses_pb2_grpc.CourseServiceStub)

    async def courses(self, caller: Caller) -> Sequence[Course]:
        found: list[Course] = []
        request = courses_pb2.ListCoursesRequest(page_size=PAGE)
        for _ in range(MAX_PAGES):
            page = await self._peer.call(self._stub.ListCourses, request, caller, timeout=10, idempotent=True)
            found += [_course(course) for course in page.courses]
            if not page.next_page_token:
                break
            request.page_token = page.next_page_token
        return found

    async def preload(self, caller: Caller, course: str) -> Preloaded:
        if not course:
            popular = courses_pb2.PreloadPopularRequest()
            made = await self._peer.call(self._stub.PreloadPopular, popular, caller, timeout=PRELOAD_SECONDS)
            return Preloaded(tuple(name.removeprefix("courses/") for name in made.courses), made.video_count)
        request = courses_pb2.PreloadCourseRequest(name=f"courses/{course}")
        one = await self._peer.call(self._stub.PreloadCourse, request, caller, timeout=PRELOAD_SECONDS)
        return Preloaded((course,), one.video_count)

    async def clear(self, caller: Caller, course: str) -> int:
        request = courses_pb2.ClearCourseCacheRequest(name=f"courses/{course}")
        cleared = await self._peer.call(self._stub.ClearCourseCache, request, caller, timeout=10, idempotent=True)
        return cleared.cleared_count


def _course(course: courses_pb2.Course) -> Course:
    return Course(course.name.removeprefix("courses/"), course.title, course.description, course.video_count)
