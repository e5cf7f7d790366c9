"""Turns through all four services: asked, grounded, streamed, cited, kept, watched, resumed and cancelled."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
import pytest_asyncio
from google.protobuf.field_mask_pb2 import FieldMask
from lectern.chat.v1 import chat_pb2, chat_pb2_grpc
from lectern.context.v1 import courses_pb2, courses_pb2_grpc
from lectern.threads.v1 import threads_pb2, threads_pb2_grpc

from kit.auth.caller import Caller
from tests.system import STUDENT, TEACHER, VIDEO, System, make_course, whole_system

OTHER_VIDEO = "https://videos.example.org/more-waves.mp4"
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["apart", "colocated"])
async def system(redis_url: str, mongodb_uri: str, request: pytest.FixtureRequest) -> AsyncIterator[System]:
    async with whole_system(redis_url, mongodb_uri, colocated=request.param == "colocated") as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def chat(system: System) -> AsyncIterator[Any]:
    await system.provider.script(text="It carries energy from place to place [1].")
    async with system.channel("gateway") as channel:
        yield chat_pb2_grpc.ChatServiceStub(channel)


@pytest_asyncio.fixture(loop_scope="module")
async def threads(system: System) -> AsyncIterator[Any]:
    async with system.channel("threads") as channel:
        yield threads_pb2_grpc.ThreadServiceStub(channel)


@pytest_asyncio.fixture(loop_scope="module")
async def course(system: System) -> str:
    return await make_course(system, [VIDEO, OTHER_VIDEO])


def question(course: str, text: str = "What does a wave carry?", **more: Any) -> chat_pb2.StreamTurnRequest:
    return chat_pb2.StreamTurnRequest(**{"course": course, "video_url": VIDEO, "message": text, **more})


def said(events: list[chat_pb2.TurnEvent]) -> str:
    return "".join(event.delta.text for event in events)


def kinds(events: list[chat_pb2.TurnEvent]) -> list[str | None]:
    return [event.WhichOneof("event") for event in events]


async def stream(system: System, chat: Any, request: Any, caller: Caller = STUDENT) -> list[chat_pb2.TurnEvent]:
    return [event async for event in chat.StreamTurn(request, metadata=system.metadata(caller), timeout=30)]


async def test_an_answer_is_streamed_cited_and_kept(system: System, chat: Any, threads: Any, course: str) -> None:
    events = await stream(system, chat, question(course))
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert kinds(events)[:2] == ["started", "context"]
    (told,) = (event.support for event in events if event.WhichOneof("event") == "support")
    turn = events[-1].completed.turn
    assert (turn.state, turn.answer) == (chat_pb2.Turn.COMPLETED, said(events))
    assert turn.answer == "It carries energy from place to place [1]."
    (citation,) = turn.citations
    assert (citation.verified, citation.video_url, citation.index) == (True, VIDEO, 1)
    assert citation.start_offset.seconds in {1, 4}
    assert "energy" in citation.quote
    assert citation.support == chat_pb2.Citation.SUPPORTED
    assert (told.sentence, told.support, told.citation) == (turn.answer, citation.support, citation)
    assert list(turn.sentences) == [told]
    listed = await threads.ListMessages(
        threads_pb2.ListMessagesRequest(parent=turn.thread), metadata=system.metadata(STUDENT)
    )
    assert [message.text for message in listed.messages] == ["What does a wave carry?", turn.answer]
    assert listed.messages[1].citations[0] == citation


async def test_the_model_knows_the_thread_and_a_change_of_video_is_told(system: System, chat: Any, course: str) -> None:
    first = await stream(system, chat, question(course, "What about waves?"))
    second = await stream(system, chat, question(course, "And these waves?", video_url=OTHER_VIDEO))
    assert second[0].started.video_changed
    assert second[0].started.thread == first[0].started.thread
    assert "video_changed" in [event.notice.kind for event in second]
    without, with_history = (events[-1].completed.turn.usage.prompt_tokens for events in (first, second))
    assert with_history > without


async def test_a_repeated_request_gives_the_same_turn(system: System, chat: Any, course: str) -> None:
    request = question(course, request_id="r-1")
    first, second = await asyncio.gather(stream(system, chat, request), stream(system, chat, request))
    third = await stream(system, chat, request)
    turns = {events[0].started.turn for events in (first, second, third)}
    assert len(turns) == 1
    assert said(first) == said(second) == said(third)


async def test_a_reader_reads_on_where_it_left(system: System, chat: Any, course: str) -> None:
    events = await stream(system, chat, question(course))
    rest = [
        event
        async for event in chat.ResumeTurn(
            chat_pb2.ResumeTurnRequest(name=events[0].started.turn, after_sequence=2),
            metadata=system.metadata(STUDENT),
        )
    ]
    assert rest == events[2:]


async def test_every_device_sees_the_same_events(system: System, chat: Any, threads: Any, course: str) -> None:
    begun = await stream(system, chat, question(course, "Begin."))
    watch = threads.WatchThread(
        threads_pb2.WatchThreadRequest(name=begun[0].started.thread), metadata=system.metadata(STUDENT), timeout=30
    )
    watching = asyncio.create_task(_watched(watch, until="completed"))
    await system.provider.script(words=20, words_per_second=40)
    seen: dict[str, list[chat_pb2.TurnEvent]] = {}
    while not watching.done():
        events = await stream(system, chat, question(course, "Watched?"))
        seen[events[0].started.turn] = events
        await asyncio.wait({watching}, timeout=1)
    watched = await watching
    # On a slow machine the watcher may hear the end of a turn when the next one is asked already.
    turn = watched[-1].turn_event.turn
    assert [event.turn_event.event for event in watched if event.turn_event.turn == turn] == seen[turn]


async def test_a_cancelled_turn_keeps_what_was_said_and_closes_the_provider(
    system: System, chat: Any, course: str
) -> None:
    await system.provider.reset()
    await system.provider.script(words=500, words_per_second=20)
    call = chat.StreamTurn(question(course), metadata=system.metadata(STUDENT), timeout=30)
    seen: list[chat_pb2.TurnEvent] = []
    async for event in call:
        seen.append(event)
        if kinds(seen).count("delta") == 2:
            turn = await chat.CancelTurn(
                chat_pb2.CancelTurnRequest(name=seen[0].started.turn), metadata=system.metadata(STUDENT)
            )
    assert seen[-1].failed.reason == "TURN_CANCELLED"
    assert (turn.state, turn.answer) == (chat_pb2.Turn.CANCELLED, said(seen))
    (served,) = [r for r in await system.provider.requests() if r["closed_early"]]
    assert served["words"] < 500


async def test_one_question_of_a_thread_at_a_time_is_answered_in_order(
    system: System, chat: Any, threads: Any, course: str
) -> None:
    student = Caller("school", f"kim-{uuid.uuid4().hex[:6]}")
    asked = [stream(system, chat, question(course, f"Question {n}?"), student) for n in range(5)]
    answers = await asyncio.gather(*asked)
    assert {kinds(events)[-1] for events in answers} == {"completed"}
    assert len({events[0].started.thread for events in answers}) == 1
    listed = await threads.ListMessages(
        threads_pb2.ListMessagesRequest(parent=answers[0][0].started.thread), metadata=system.metadata(student)
    )
    assert [message.sequence for message in listed.messages] == list(range(1, 11))


async def test_the_policy_of_the_course_is_followed_and_recorded(system: System, chat: Any) -> None:
    course = await make_course(system)
    wanted = courses_pb2.Course(name=course, policy=courses_pb2.Course.HINTS)
    async with system.channel("context") as channel:
        await courses_pb2_grpc.CourseServiceStub(channel).UpdateCourse(
            courses_pb2.UpdateCourseRequest(course=wanted, update_mask=FieldMask(paths=["policy"])),
            metadata=system.metadata(TEACHER),
        )
    turns = [
        (await stream(system, chat, question(course, text)))[-1].completed.turn
        for text in ("What does a wave carry?", "Just tell me what a wave does carry.")
    ]
    assert [turn.policy for turn in turns] == ["hints:1", "hints:2"]


async def test_without_any_provider_the_passages_are_the_answer(system: System, chat: Any, course: str) -> None:
    await system.provider.script(status=503)
    events = await stream(system, chat, question(course, f"What is frequency? {uuid.uuid4().hex}"))
    turn = events[-1].completed.turn
    assert turn.degraded
    assert turn.citations
    assert all(citation.verified for citation in turn.citations)


@pytest.mark.parametrize(
    ("changes", "code", "reason"),
    [
        ({"course": "courses/none"}, grpc.StatusCode.NOT_FOUND, "COURSE_NOT_FOUND"),
        ({"course": "nonsense"}, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT"),
        ({"video_url": "https://videos.example.org/none.mp4"}, grpc.StatusCode.NOT_FOUND, "VIDEO_NOT_FOUND"),
        ({"message": ""}, grpc.StatusCode.INVALID_ARGUMENT, "MESSAGE_EMPTY"),
        ({"message": "x" * 1_000_000}, grpc.StatusCode.INVALID_ARGUMENT, "TOO_LARGE"),
    ],
)
async def test_bad_questions_get_a_clear_status(
    system: System, chat: Any, course: str, changes: dict[str, Any], code: grpc.StatusCode, reason: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stream(system, chat, chat_pb2.StreamTurnRequest(**{"course": course, "message": "Why?", **changes}))
    assert refused.value.code() == code
    assert reason.encode() in dict(refused.value.trailing_metadata() or ())["grpc-status-details-bin"]


async def _watched(watch: Any, until: str) -> list[threads_pb2.ThreadEvent]:
    seen = []
    async for event in watch:
        seen.append(event)
        if event.turn_event.event.WhichOneof("event") == until:
            break
    return seen


async def test_a_cut_answer_says_so_everywhere_and_is_gone_on_with(
    system: System, chat: Any, threads: Any, course: str
) -> None:
    """The configured limit of an answer in chat is 700 tokens, and the provider counts each word for one."""
    caller = Caller("school", f"cut-{uuid.uuid4().hex[:8]}")
    await system.provider.script(words=703, repeat_words=3)
    cut = (await stream(system, chat, question(course), caller))[-1].completed.turn
    assert (cut.state, cut.finish_reason, cut.usage.completion_tokens) == (cut.COMPLETED, "length", 700)
    metadata = system.metadata(caller)
    assert (await chat.GetTurn(chat_pb2.GetTurnRequest(name=cut.name), metadata=metadata)).finish_reason == "length"
    going_on = chat_pb2.StreamTurnRequest(continues=cut.name, request_id="more")
    events = await stream(system, chat, going_on, caller)
    rest = events[-1].completed.turn
    assert (rest.continues, rest.thread, rest.question, rest.finish_reason) == (cut.name, cut.thread, "Go on.", "stop")
    assert cut.answer + rest.answer == " ".join(f"w{number:04d}" for number in range(1, 704))
    assert said(events) == rest.answer
    assert (await stream(system, chat, going_on, caller))[-1].completed.turn.name == rest.name
    page = await threads.ListMessages(threads_pb2.ListMessagesRequest(parent=cut.thread), metadata=metadata)
    assert [message.finish_reason for message in page.messages] == ["", "length", "", "stop"]
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stream(system, chat, chat_pb2.StreamTurnRequest(continues=rest.name), caller)
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    with pytest.raises(grpc.aio.AioRpcError) as unnamed:
        await stream(system, chat, chat_pb2.StreamTurnRequest(message="What?"), caller)
    assert unnamed.value.code() is grpc.StatusCode.INVALID_ARGUMENT
