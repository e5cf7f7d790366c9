from pathlib import Path

from lectern_client.api.operations import D, Group, many, one
from lectern_client.model.courses import (
    CaptionFormat,
    Course,
    ImportedVideo,
    Passage,
    TutoringPolicy,
    Video,
    Visibility,
)
from lectern_client.protocol.calls import Call, Json, Listing, nothing, reading
from lectern_client.protocol.requests import Request, Upload, delete, get, post, resource
from lectern_client.protocol.wire import decode


class Courses(Group[D]):
    """Courses and their videos. A course is named `courses/x`, or just `x`. Changes are for teachers."""

    @many
    def list(self, *, page_size: int | None = None) -> Listing[Course]:
        """Courses by title."""
        return Listing(get("/v1/courses", pageSize=page_size), "courses", reading(Course))

    @one
    def get(self, course: str) -> Call[Course]:
        """Reads a course."""
        return Call(get(_path(course)), reading(Course))

    @one
    def create(
        self,
        title: str,
        course_id: str = "",
        *,
        description: str = "",
        visibility: Visibility = Visibility.TENANT,
        policy: TutoringPolicy = TutoringPolicy.ANSWER,
    ) -> Call[Course]:
        """Creates a course; `course_id` is the last part of its name, made up where empty."""
        body = {"title": title, "description": description, "visibility": visibility, "policy": policy}
        query = {"courseId": course_id} if course_id else {}
        return Call(Request("POST", "/v1/courses", query, json=body), reading(Course))

    @one
    def delete(self, course: str) -> Call[None]:
        """Deletes a course and everything that hangs on it."""
        return Call(delete(_path(course)), nothing)

    @one
    def import_video(
        self,
        course: str,
        video_url: str,
        transcript: str | bytes | Path,
        *,
        title: str = "",
        format: CaptionFormat = CaptionFormat.UNSPECIFIED,  # noqa: A002 - the API's own word
    ) -> Call[ImportedVideo]:
        """Imports a transcript; importing the same address again replaces it.

        Of bytes and files the server finds out in which encoding their letters are.
        """
        path = f"{_path(course)}/videos:import"
        body = {"videoUrl": video_url, "title": title}
        if format is not CaptionFormat.UNSPECIFIED:
            body["format"] = format
        if isinstance(transcript, str):
            return Call(post(path, repeatable=True, transcript=transcript, **body), reading(ImportedVideo))
        name = transcript.name if isinstance(transcript, Path) else "transcript"
        file = Upload(name, transcript, "application/octet-stream")
        request = Request("POST", path, form=body, files=(file,), repeatable=True)
        return Call(request, reading(ImportedVideo))

    @many
    def videos(self, course: str, *, page_size: int | None = None) -> Listing[Video]:
        """The videos in the order of their import."""
        return Listing(get(f"{_path(course)}/videos", pageSize=page_size), "videos", reading(Video))

    @one
    def search_passages(
        self, course: str, query: str, *, video_url: str = "", page_size: int | None = None
    ) -> Call[tuple[Passage, ...]]:
        """The passages that speak of something, best first."""
        request = get(f"{_path(course)}/passages:search", query=query, videoUrl=video_url, pageSize=page_size)
        return Call(request, _passages)

    @one
    def clear_cache(self, course: str) -> Call[int]:
        """Throws the cached context away, on every instance; says how many contexts Redis held."""
        return Call(delete(f"{_path(course)}/cache"), lambda data: int(data.get("clearedCount", 0)))


def _path(course: str) -> str:
    return f"/v1/{resource('courses', course)}"


def _passages(data: Json) -> tuple[Passage, ...]:
    return tuple(decode(Passage, passage) for passage in data.get("passages", ()))
