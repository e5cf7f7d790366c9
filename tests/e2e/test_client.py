"""The Python client against the whole stack, through the edge."""

from typing import Any

import httpx
import pytest

from kit.auth.caller import Role as Caller
from lectern_client import (
    AsyncLectern,
    Completed,
    Context,
    Delta,
    DocumentState,
    ErrorReason,
    JobState,
    Lectern,
    LecternError,
    NotFound,
    Policy,
    Role,
    Started,
    Unauthenticated,
    Upload,
)
from tests.cutting import cutting_proxy
from tests.e2e.conftest import System
from tests.pdfs import a_pdf

QUESTION = "What does a wave carry?"


def client(system: System, user: str = "pia", role: Caller = Caller.STUDENT) -> Lectern:
    return Lectern(system.base_url, system.token(user, role), http=httpx.Client(trust_env=False))


def test_an_answer_comes_as_events_and_stays_in_its_thread(system: System) -> None:
    with client(system) as lectern:
        events = list(lectern.ask(system.sample.course, QUESTION, video_url=system.sample.video_url, position=30))
        started, last = events[0], events[-1]
        assert isinstance(started, Started)
        assert isinstance(last, Completed)
        assert [event.sequence for event in events] == list(range(1, len(events) + 1))
        assert "".join(event.text for event in events if isinstance(event, Delta)) == last.turn.answer
        assert any(event.citations for event in events if isinstance(event, Context))
        assert list(lectern.resume(started.turn, 2)) == events[2:]
        assert lectern.get_turn(started.turn) == last.turn

        messages = list(lectern.threads.messages(started.thread, page_size=1))
        assert [(message.role, message.text) for message in messages] == [
            (Role.USER, QUESTION),
            (Role.ASSISTANT, last.turn.answer),
        ]
        renamed = lectern.threads.update(started.thread, title="Waves & co.")
        assert [thread.title for thread in lectern.threads.list(system.sample.course)] == [renamed.title]
        lectern.threads.delete(started.thread)
        assert list(lectern.threads.list()) == []


async def test_a_break_in_mid_stream_goes_unnoticed(system: System) -> None:
    host, port = system.base_url.removeprefix("http://").split(":")
    troubles: list[LecternError] = []
    policy = Policy(observe=lambda trouble, pause: troubles.append(trouble))
    async with cutting_proxy(host, int(port), at_delta=2) as (proxy, url):
        http = httpx.AsyncClient(trust_env=False)
        async with AsyncLectern(url, system.token("cut"), policy=policy, http=http) as lectern:
            events = [event async for event in lectern.ask(system.sample.course, QUESTION)]
    assert (proxy.cuts, len(troubles)) == (1, 1)
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    last = events[-1]
    assert isinstance(last, Completed)
    assert "".join(event.text for event in events if isinstance(event, Delta)) == last.turn.answer


def test_a_report_is_a_job_that_can_be_cancelled(system: System) -> None:
    with client(system, "rae") as lectern:
        turn = lectern.create_turn(system.sample.course, QUESTION)
        report = lectern.threads.report(turn.thread)
        lectern.jobs.cancel(report.name)
        assert list(lectern.jobs.watch(report.name))[-1].state is JobState.CANCELLED
        assert not list(lectern.reports.list(turn.thread))
        assert report.name in {job.name for job in lectern.jobs.list()}


def test_a_document_is_uploaded_and_its_job_watched(system: System) -> None:
    with client(system, "teacher", Caller.TEACHER) as lectern:
        course = lectern.courses.create("Lenses").name
        lens = Upload("lens.pdf", a_pdf(["A lens bends light toward the thicker part of its glass."]))
        taken = lectern.documents.upload(course, lens)
        assert list(lectern.jobs.watch(taken.jobs[0].name))[-1].state is JobState.SUCCEEDED
        (document,) = lectern.documents.list(course)
        assert (document.state, document.page_count) == (DocumentState.READY, 1)
        assert lectern.documents.get(document.name) == document
        (passage,) = lectern.courses.search_passages(course, "thicker glass")
        assert "lens" in passage.text
        lectern.documents.delete(document.name)
        with pytest.raises(NotFound):
            lectern.documents.get(document.name)
        lectern.courses.delete(course)


def test_a_teacher_makes_a_course(system: System) -> None:
    captions = "WEBVTT\n\n00:01.000 --> 00:04.000\nLight is a wave that needs no medium.\n"
    with client(system, "teacher", Caller.TEACHER) as lectern:
        course = lectern.courses.create("Light", description="What it is")
        imported = lectern.courses.import_video(course.name, "https://videos.example.org/light.mp4", captions)
        assert imported.video.cue_count == 1
        assert [video.name for video in lectern.courses.videos(course.name)] == [imported.video.name]
        (passage,) = lectern.courses.search_passages(course.name, "medium")
        assert passage.start_offset.total_seconds() == 1
        assert lectern.courses.clear_cache(course.name) >= 0
        assert lectern.courses.get(course.name).video_count == 1
        lectern.courses.delete(course.name)


def test_errors_say_why(system: System) -> None:
    with client(system) as lectern, pytest.raises(NotFound) as missing:
        list(lectern.ask("none", QUESTION))
    assert missing.value.reason is ErrorReason.COURSE_NOT_FOUND
    assert missing.value.request_id
    stranger: Any = Lectern(system.base_url, "", http=httpx.Client(trust_env=False))
    with stranger, pytest.raises(Unauthenticated):
        stranger.create_turn(system.sample.course, QUESTION)


def test_anybody_may_ask_how_it_is_and_a_user_what_was_used(system: System) -> None:
    with Lectern(system.base_url, "", http=httpx.Client(trust_env=False)) as lectern:
        assert {part.name for part in lectern.health().dependencies} >= {"threads", "context"}
    with client(system, "una") as lectern:
        lectern.create_turn(system.sample.course, QUESTION)
        assert lectern.usage(course=system.sample.course).totals.calls >= 0
