"""Translates calls about courses and delegates them."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from google.protobuf import empty_pb2
from lectern.context.v1 import courses_pb2, courses_pb2_grpc

from kit import names
from kit.call import current_caller
from kit.pagination import PageTokens, page_size
from services.context import convert
from services.context.model import Course, CoursePosition, VideoPosition, sort_key
from services.context.service.courses import Courses, NewCourse
from services.context.service.finding import Finding
from services.context.service.preloading import MOST_COURSES, Preloading
from services.context.service.videos import Transcript, Videos

VIDEO = "courses/{course}/videos/{video}"
TRANSCRIPT = f"{VIDEO}/transcript"

Item = TypeVar("Item")


class CourseServicer(courses_pb2_grpc.CourseServiceServicer):
    """`lectern.context.v1.CourseService`."""

    def __init__(
        self, courses: Courses, videos: Videos, finding: Finding, preloading: Preloading, tokens: PageTokens
    ) -> None:
        self._courses = courses
        self._videos = videos
        self._finding = finding
        self._preloading = preloading
        self._tokens = tokens

    async def ListCourses(self, request: courses_pb2.ListCoursesRequest, _: Any) -> courses_pb2.ListCoursesResponse:
        caller, size = current_caller(), page_size(request.page_size)
        scope = f"courses/{caller.tenant}/{caller.user}/{caller.is_teacher}"
        cursor = self._tokens.decode(request.page_token, scope)
        after = CoursePosition(*cursor) if cursor else None
        found = await self._courses.page(caller, after, size + 1)
        page, token = self._page(found, size, scope, lambda last: [sort_key(last.title), last.key.course])
        return courses_pb2.ListCoursesResponse(courses=map(_shown, page), next_page_token=token)

    async def CreateCourse(self, request: courses_pb2.CreateCourseRequest, _: Any) -> courses_pb2.Course:
        wanted = request.course
        new = NewCourse(
            title=wanted.title,
            id=request.course_id,
            description=wanted.description,
            visibility=convert.visibility(wanted.visibility),
            policy=convert.policy(wanted.policy),
        )
        return _shown(await self._courses.create(current_caller(), new))

    async def GetCourse(self, request: courses_pb2.GetCourseRequest, _: Any) -> courses_pb2.Course:
        return _shown(await self._courses.get(current_caller(), _course(request.name)))

    async def UpdateCourse(self, request: courses_pb2.UpdateCourseRequest, _: Any) -> courses_pb2.Course:
        course = names.course_id(request.course.name, "course.name")
        changes = convert.changes(request.course, request.update_mask)
        return _shown(await self._courses.change(current_caller(), course, changes))

    async def DeleteCourse(self, request: courses_pb2.DeleteCourseRequest, _: Any) -> empty_pb2.Empty:
        await self._courses.delete(current_caller(), _course(request.name))
        return empty_pb2.Empty()

    async def ImportVideo(self, request: courses_pb2.ImportVideoRequest, _: Any) -> courses_pb2.ImportVideoResponse:
        caller = current_caller()
        transcript = Transcript(
            course=_parent(request.parent),
            video_url=request.video_url,
            source=convert.source(request),
            title=request.title,
            format=convert.form(request.format),
        )
        imported = await self._videos.bring(caller, transcript)
        return convert.imported(transcript.course, imported)

    async def ListVideos(self, request: courses_pb2.ListVideosRequest, _: Any) -> courses_pb2.ListVideosResponse:
        caller, course, size = current_caller(), _parent(request.parent), page_size(request.page_size)
        scope = f"videos/{caller.tenant}/{course}"
        cursor = self._tokens.decode(request.page_token, scope)
        after = VideoPosition(datetime.fromtimestamp(cursor[0] / 1000, UTC), cursor[1]) if cursor else None
        found = await self._videos.page(caller, course, after, size + 1)
        page, token = self._page(found, size, scope, lambda last: [round(last.created.timestamp() * 1000), last.id])
        videos = [convert.video(course, video) for video in page]
        return courses_pb2.ListVideosResponse(videos=videos, next_page_token=token)

    async def DeleteVideo(self, request: courses_pb2.DeleteVideoRequest, _: Any) -> empty_pb2.Empty:
        name = names.parse(VIDEO, request.name)
        await self._videos.delete(current_caller(), name["course"], name["video"])
        return empty_pb2.Empty()

    async def GetTranscript(self, request: courses_pb2.GetTranscriptRequest, _: Any) -> courses_pb2.Transcript:
        # REST binds the name of the video, gRPC clients may send that of the transcript.
        name = names.parse(VIDEO, request.name.removesuffix("/transcript"))
        said = await self._videos.transcript(current_caller(), name["course"], name["video"])
        return convert.transcript(name["course"], said)

    async def SearchPassages(
        self, request: courses_pb2.SearchPassagesRequest, _: Any
    ) -> courses_pb2.SearchPassagesResponse:
        limit = page_size(request.page_size, default=5, maximum=50)
        course = _parent(request.parent)
        found = await self._finding.passages(current_caller(), course, request.query, request.video_url, limit)
        return courses_pb2.SearchPassagesResponse(passages=[convert.passage(course, each) for each in found])

    async def PreloadCourse(
        self, request: courses_pb2.PreloadCourseRequest, _: Any
    ) -> courses_pb2.PreloadCourseResponse:
        preloaded = await self._preloading.course(current_caller(), _course(request.name))
        return courses_pb2.PreloadCourseResponse(video_count=preloaded.videos)

    async def PreloadPopular(
        self, request: courses_pb2.PreloadPopularRequest, _: Any
    ) -> courses_pb2.PreloadPopularResponse:
        limit = page_size(request.limit, default=10, maximum=MOST_COURSES)
        preloaded = await self._preloading.popular(current_caller(), limit)
        courses = [key.name for key in preloaded.courses]
        return courses_pb2.PreloadPopularResponse(courses=courses, video_count=preloaded.videos)

    async def ClearCourseCache(
        self, request: courses_pb2.ClearCourseCacheRequest, _: Any
    ) -> courses_pb2.ClearCourseCacheResponse:
        cleared = await self._courses.clear_cache(current_caller(), _course(request.name))
        return courses_pb2.ClearCourseCacheResponse(cleared_count=cleared)

    async def AddMember(self, request: courses_pb2.AddMemberRequest, _: Any) -> courses_pb2.Course:
        return _shown(await self._courses.add_member(current_caller(), _parent(request.parent), request.user))

    async def RemoveMember(self, request: courses_pb2.RemoveMemberRequest, _: Any) -> courses_pb2.Course:
        return _shown(await self._courses.remove_member(current_caller(), _parent(request.parent), request.user))

    def _page(
        self, found: Sequence[Item], size: int, scope: str, place: Callable[[Item], list[Any]]
    ) -> tuple[Sequence[Item], str]:
        """The page, and the token of the next where one more was found than fits."""
        page = found[:size]
        return page, self._tokens.encode(scope, place(page[-1])) if len(found) > size else ""


def _course(name: str) -> str:
    return names.course_id(name, "name")


def _parent(name: str) -> str:
    return names.course_id(name, "parent")


def _shown(course: Course) -> courses_pb2.Course:
    return convert.course(course, members=current_caller().is_teacher)
