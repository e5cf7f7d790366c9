"""Courses, imports and passages over gRPC, with real databases."""

import json
from collections.abc import AsyncIterator, Awaitable
from typing import Any
from uuid import uuid4

import pytest
from lectern.context.v1 import courses_pb2

from kit.errors import AlreadyExists, InvalidArgument, LecternError, NotFound, PermissionDenied, Reason
from tests.captions import hertz_of, hour_of_captions, spoken_in, start_of
from tests.knowledge import (
    STRANGER,
    STUDENT,
    TEACHER,
    Client,
    Format,
    Vectors,
    context_service,
    seconds,
    settings_for,
    vector_server,
)

VTT = "WEBVTT\n\n1\n00:01.000 --> 00:03.500 align:start\n<v Ann>Waves carry <b>energy</b> &amp; no matter.</v>\n"
SRT = "1\r\n00:00:01,000 --> 00:00:03,500\r\n<i>Waves</i> carry energy &amp; no matter.\r\n"
JSON = json.dumps({"segments": [{"start": 1, "end": 3.5, "text": "Waves carry energy &amp; no matter."}]})
TEXT = "Waves carry energy &amp; no matter."
HINTS = courses_pb2.Course.HINTS
SAID = "Waves carry energy & no matter."


@pytest.fixture
async def client(mongodb_uri: str, redis_url: str) -> AsyncIterator[Client]:
    async with (
        vector_server(Vectors()) as inference,
        context_service(settings_for(mongodb_uri, redis_url, inference)) as client,
    ):
        yield client


@pytest.fixture
async def course(client: Client) -> str:
    course = f"waves-{uuid4().hex[:8]}"
    await client.create(course)
    return course


async def refused(call: Awaitable[Any]) -> LecternError:
    with pytest.raises(LecternError) as caught:
        await call
    return caught.value


@pytest.mark.parametrize("text", [VTT, SRT, JSON, TEXT], ids=["vtt", "srt", "json", "text"])
@pytest.mark.parametrize("told", [True, False], ids=["told", "found out"])
async def test_a_transcript_of_each_format_is_imported_and_read_back(
    client: Client, course: str, text: str, told: bool
) -> None:
    forms = {VTT: Format.VTT, SRT: Format.SRT, JSON: Format.JSON, TEXT: Format.TEXT}
    form = forms[text] if told else Format.FORMAT_UNSPECIFIED

    imported = await client.bring(course, "https://v.example/1.mp4", text, format=form)
    request = courses_pb2.GetTranscriptRequest(name=imported.video.name)
    transcript = await client.peer.call(client.courses.GetTranscript, request, STUDENT)

    assert [cue.text for cue in transcript.cues] == [SAID]
    assert imported.video.title == "1.mp4"
    assert (imported.video.cue_count, imported.video.passage_count, list(imported.warnings)) == (1, 1, [])
    if text != TEXT:
        assert (seconds(transcript.cues[0].start_offset), seconds(transcript.cues[0].end_offset)) == (1.0, 3.5)
        assert seconds(imported.video.duration) == 3.5
    else:
        assert not transcript.cues[0].HasField("start_offset")


async def test_an_hour_of_captions_is_found_to_the_cue(client: Client, course: str) -> None:
    imported = await client.bring(course, "https://v.example/hour.mp4", hour_of_captions(), title="An hour")
    assert (imported.video.cue_count, seconds(imported.video.duration)) == (1200, 3600)
    assert 50 < imported.video.passage_count < 200

    for number in (1, 700, 1200):
        found = await client.search(course, f"which one has {hertz_of(number)} hertz?")
        cue = next(cue for cue in found[0].cues if cue.text == spoken_in(number))
        assert seconds(cue.start_offset) == start_of(number).total_seconds()
        assert str(hertz_of(number)) in found[0].text
        assert seconds(found[0].start_offset) <= start_of(number).total_seconds() < seconds(found[0].end_offset)


async def test_context_holds_the_passages_within_the_budget_and_what_is_said_at_the_position(
    client: Client, course: str
) -> None:
    await client.bring(course, "https://v.example/hour.mp4", hour_of_captions(), title="An hour")
    built = await client.context(
        course,
        f"Which string is tuned to {hertz_of(420)} hertz?",
        video_url="https://v.example/hour.mp4",
        position=1500,
        budget=1000,
    )

    assert (built.course.title, built.video_title) == (course.title(), "An hour")
    assert built.context_version == built.course.context_version
    assert str(hertz_of(420)) in built.passages[0].text
    assert spoken_in(501) in built.neighbourhood.text
    assert seconds(built.neighbourhood.start_offset) <= 1500 <= seconds(built.neighbourhood.end_offset)
    words = sum(len(passage.text.split()) for passage in [*built.passages, built.neighbourhood])
    assert 300 < words < 1000


async def test_what_cannot_be_read_is_refused_and_the_line_named(client: Client, course: str) -> None:
    bad = "WEBVTT\n\nfirst\n99:99:99.000 --> 00:00:09.000\nhello\n"
    error = await refused(client.bring(course, "https://v.example/bad.mp4", bad))

    assert isinstance(error, InvalidArgument)
    assert (error.reason, error.field) == (Reason.TRANSCRIPT_INVALID, "transcript")
    assert "line 4" in error.message


async def test_a_transcript_over_twenty_megabytes_is_too_large(client: Client, course: str) -> None:
    error = await refused(client.bring(course, "https://v.example/long.mp4", "waves " * 3_600_000))
    assert error.reason is Reason.TOO_LARGE


async def test_what_was_repaired_is_told_with_its_line(client: Client, course: str) -> None:
    captions = "WEBVTT\n\n00:05.000 --> 00:02.000\nbackwards\n\n00:09.000 --> 00:10.000\nfine\n"
    imported = await client.bring(course, "https://v.example/odd.mp4", captions)
    assert len(imported.warnings) == 1
    assert imported.warnings[0].startswith("line 3:")


async def test_another_tenant_finds_nothing(client: Client, course: str) -> None:
    imported = await client.bring(course, "https://v.example/1.mp4", VTT)
    name = f"courses/{course}"
    calls: dict[Any, Any] = {
        client.courses.GetCourse: courses_pb2.GetCourseRequest(name=name),
        client.courses.UpdateCourse: courses_pb2.UpdateCourseRequest(course=courses_pb2.Course(name=name, title="x")),
        client.courses.DeleteCourse: courses_pb2.DeleteCourseRequest(name=name),
        client.courses.ImportVideo: courses_pb2.ImportVideoRequest(parent=name, video_url="u", transcript=VTT),
        client.courses.ListVideos: courses_pb2.ListVideosRequest(parent=name),
        client.courses.DeleteVideo: courses_pb2.DeleteVideoRequest(name=imported.video.name),
        client.courses.GetTranscript: courses_pb2.GetTranscriptRequest(name=imported.video.name),
        client.courses.SearchPassages: courses_pb2.SearchPassagesRequest(parent=name, query="waves"),
        client.courses.PreloadCourse: courses_pb2.PreloadCourseRequest(name=name),
        client.courses.ClearCourseCache: courses_pb2.ClearCourseCacheRequest(name=name),
        client.courses.AddMember: courses_pb2.AddMemberRequest(parent=name, user="eve"),
        client.courses.RemoveMember: courses_pb2.RemoveMemberRequest(parent=name, user="eve"),
    }
    for method, request in calls.items():
        error = await refused(client.peer.call(method, request, STRANGER))
        assert (type(error), error.reason) == (NotFound, Reason.COURSE_NOT_FOUND), method
    error = await refused(client.context(course, "waves", caller=STRANGER))
    assert error.reason is Reason.COURSE_NOT_FOUND
    listed = await client.peer.call(client.courses.ListCourses, courses_pb2.ListCoursesRequest(), STRANGER)
    assert not listed.courses
    assert (await client.create(course, STRANGER)).name == name


async def test_a_course_for_members_is_not_there_for_others(client: Client) -> None:
    course = f"closed-{uuid4().hex[:8]}"
    await client.create(course, visibility=courses_pb2.Course.MEMBERS)
    await client.bring(course, "https://v.example/1.mp4", VTT)
    assert (await refused(client.context(course, "waves"))).reason is Reason.COURSE_NOT_FOUND

    request = courses_pb2.AddMemberRequest(parent=f"courses/{course}", user=STUDENT.user)
    added = await client.peer.call(client.courses.AddMember, request, TEACHER)
    assert list(added.members) == [STUDENT.user]
    assert (await client.context(course, "waves")).passages

    shown = await client.peer.call(
        client.courses.GetCourse, courses_pb2.GetCourseRequest(name=f"courses/{course}"), STUDENT
    )
    assert not shown.members

    gone = courses_pb2.RemoveMemberRequest(parent=f"courses/{course}", user=STUDENT.user)
    await client.peer.call(client.courses.RemoveMember, gone, TEACHER)
    assert (await refused(client.context(course, "waves"))).reason is Reason.COURSE_NOT_FOUND


async def test_students_change_nothing(client: Client, course: str) -> None:
    assert isinstance(await refused(client.bring(course, "https://v.example/1", VTT, caller=STUDENT)), PermissionDenied)


async def test_ids_are_taken_once_and_made_up_where_none_is_given(client: Client, course: str) -> None:
    assert isinstance(await refused(client.create(course)), AlreadyExists)
    for bad in ("Upper", "-a", "a-", "a_b", "x" * 64):
        error = await refused(client.create(bad))
        assert (error.reason, error.field) == (Reason.INVALID_ARGUMENT, "course_id")
    made_up = await client.create("", title="Ärger & Wellen")
    assert made_up.name.startswith("courses/rger-wellen-")


async def test_lists_go_on_where_they_stopped(client: Client, course: str) -> None:
    for number in range(5):
        await client.bring(course, f"https://v.example/{number}.mp4", VTT)
    seen, token = [], ""
    while True:
        request = courses_pb2.ListVideosRequest(parent=f"courses/{course}", page_size=2, page_token=token)
        page = await client.peer.call(client.courses.ListVideos, request, STUDENT)
        assert len(page.videos) <= 2
        seen += [video.video_url for video in page.videos]
        token = page.next_page_token
        if not token:
            break
    assert seen == [f"https://v.example/{number}.mp4" for number in range(5)]
    bad = courses_pb2.ListVideosRequest(parent=f"courses/{course}", page_token="made-up")
    error = await refused(client.peer.call(client.courses.ListVideos, bad, STUDENT))
    assert error.reason is Reason.PAGE_TOKEN_INVALID


async def test_an_update_changes_what_the_mask_names(client: Client, course: str) -> None:
    wanted = courses_pb2.Course(name=f"courses/{course}", title="New", description="Text", policy=HINTS)
    request = courses_pb2.UpdateCourseRequest(course=wanted)
    request.update_mask.paths.append("description")
    changed = await client.peer.call(client.courses.UpdateCourse, request, TEACHER)
    assert (changed.title, changed.description, changed.policy) == (course.title(), "Text", courses_pb2.Course.ANSWER)

    request.update_mask.Clear()
    changed = await client.peer.call(client.courses.UpdateCourse, request, TEACHER)
    assert (changed.title, changed.policy) == ("New", HINTS)

    request.update_mask.paths.append("video_count")
    assert (await refused(client.peer.call(client.courses.UpdateCourse, request, TEACHER))).field == "update_mask"


async def test_a_deleted_course_is_gone_and_leaves_nothing_to_its_successor(client: Client, course: str) -> None:
    await client.bring(course, "https://v.example/1.mp4", VTT)
    before = await client.context(course, "waves")
    await client.peer.call(
        client.courses.DeleteCourse, courses_pb2.DeleteCourseRequest(name=f"courses/{course}"), TEACHER
    )
    assert (await refused(client.context(course, "waves"))).reason is Reason.COURSE_NOT_FOUND

    await client.create(course)
    after = await client.context(course, "waves")
    assert not after.passages
    assert after.context_version != before.context_version


async def test_unknown_videos_are_not_found(client: Client, course: str) -> None:
    await client.bring(course, "https://v.example/1.mp4", VTT)
    error = await refused(client.context(course, "waves", video_url="https://v.example/other.mp4"))
    assert (type(error), error.reason) == (NotFound, Reason.VIDEO_NOT_FOUND)
    request = courses_pb2.GetTranscriptRequest(name=f"courses/{course}/videos/none")
    error = await refused(client.peer.call(client.courses.GetTranscript, request, STUDENT))
    assert error.reason is Reason.VIDEO_NOT_FOUND
