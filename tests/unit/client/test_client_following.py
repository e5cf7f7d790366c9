"""Streams over connections that break."""

from collections.abc import Iterable
from typing import Any

import pytest

from lectern_client import (
    Completed,
    ConnectionFailed,
    Delta,
    ErrorReason,
    Failed,
    JobState,
    NotFound,
    RateLimited,
    StreamInterrupted,
    TurnProgress,
)
from lectern_client.protocol.following import following
from lectern_client.protocol.requests import post
from lectern_client.protocol.turns import TurnStream
from lectern_client.protocol.watching import JobStream, ThreadStream
from tests.unit.client.scripted import NOT_REACHED, Answer, Script, events, refused

TURN = "threads/t/turns/u"
QUESTION = post("/v1/chat:stream", course="courses/c", message="Why?", requestId="r", repeatable=True)
STARTED = {"sequence": 1, "started": {"turn": TURN, "thread": "threads/t"}}
HEARTBEAT = {"sequence": 2, "heartbeat": {}}
COMPLETED = {"sequence": 4, "completed": {"turn": {"name": TURN, "answer": "a wave", "state": "COMPLETED"}}}


def delta(sequence: int, text: str) -> dict[str, Any]:
    return {"sequence": sequence, "delta": {"text": text}}


WHOLE = (STARTED, delta(2, "a "), delta(3, "wave"), COMPLETED)


def sequences(items: Iterable[Any]) -> list[int]:
    return [item.sequence for item in items]


def asked(script: Script) -> list[Any]:
    return script.run(following(TurnStream(QUESTION), script.policy))


def test_an_unbroken_stream_takes_one_request() -> None:
    script = Script(events(*WHOLE))
    got = asked(script)
    assert sequences(got) == [1, 2, 3, 4]
    assert isinstance(got[-1], Completed)
    assert got[-1].turn.answer == "a wave"
    assert script.requests == [QUESTION]


@pytest.mark.parametrize("cut", range(1, 4))
@pytest.mark.parametrize("ends", ["cut", "closed"])
def test_after_a_break_the_turn_is_read_on_after_its_last_event(cut: int, ends: str) -> None:
    script = Script(events(*WHOLE[:cut], cut=ends == "cut"), events(*WHOLE[cut:]))
    assert sequences(asked(script)) == [1, 2, 3, 4]
    assert script.requests[1].path == f"/v1/{TURN}:stream"
    assert script.requests[1].query == {"afterSequence": cut}


def test_a_break_before_the_first_event_asks_the_same_again() -> None:
    script = Script(NOT_REACHED, events(cut=True), events(*WHOLE))
    assert sequences(asked(script)) == [1, 2, 3, 4]
    assert script.requests == [QUESTION] * 3


def test_events_that_come_again_are_left_out_and_heartbeats_too() -> None:
    script = Script(events(STARTED, delta(2, "a "), HEARTBEAT, cut=True), events(*WHOLE))
    assert sequences(asked(script)) == [1, 2, 3, 4]


def test_half_an_event_is_read_again_as_a_whole() -> None:
    half = Answer(chunks=[*events(STARTED).chunks, b'data: {"sequence": 2, "delta": {"te'], cut=True)
    script = Script(half, events(*WHOLE[1:]))
    assert [item.text for item in asked(script) if isinstance(item, Delta)] == ["a ", "wave"]


def test_a_full_server_is_come_back_to_when_it_says() -> None:
    script = Script(refused(429, 8, "RATE_LIMITED", retry_after="7"), events(*WHOLE))
    asked(script)
    assert script.waits == [7.0]


def test_attempts_are_counted_before_the_first_event() -> None:
    script = Script(*[refused(429, 8, "RATE_LIMITED", retry_after="1")] * 9)
    with pytest.raises(RateLimited) as error:
        asked(script)
    assert error.value.reason is ErrorReason.RATE_LIMITED
    assert len(script.requests) == script.policy.attempts


def test_after_the_first_event_only_time_is_counted() -> None:
    script = Script(events(STARTED, cut=True), *[NOT_REACHED] * 500)
    with pytest.raises(StreamInterrupted) as error:
        asked(script)
    assert (error.value.turn, error.value.sequence) == (TURN, 1)
    assert isinstance(error.value.__cause__, ConnectionFailed)
    assert script.policy.deadline - 2 < sum(script.waits) <= script.policy.deadline


def test_what_will_not_pass_by_itself_is_raised_at_once() -> None:
    script = Script(refused(404, 5, "COURSE_NOT_FOUND", x_request_id="q-1"))
    with pytest.raises(NotFound) as error:
        asked(script)
    assert (error.value.reason, error.value.request_id) == (ErrorReason.COURSE_NOT_FOUND, "q-1")
    assert not script.waits


def test_a_status_in_the_middle_is_no_event() -> None:
    script = Script(events(STARTED, {"code": 14, "message": "gone"}), events(*WHOLE[1:]))
    assert sequences(asked(script)) == [1, 2, 3, 4]


def test_a_failed_turn_ends_its_stream() -> None:
    failed = {"sequence": 2, "failed": {"reason": "TURN_CANCELLED", "message": "cancelled", "partial": "a"}}
    (_, last) = asked(Script(events(STARTED, failed)))
    assert last == Failed(2, ErrorReason.TURN_CANCELLED, "cancelled", "a")


def test_a_watched_thread_goes_on_where_each_turn_was() -> None:
    def of_turn(event: dict[str, Any]) -> dict[str, Any]:
        return {"turnEvent": {"turn": TURN, "event": event}}

    script = Script(
        events(*map(of_turn, WHOLE[:2]), cut=True),
        events(*map(of_turn, WHOLE), {"heartbeat": {}}, {"threadDeleted": {}}),
    )
    got = script.run(following(ThreadStream("t"), script.policy))
    assert sequences(each.event for each in got if isinstance(each, TurnProgress)) == [1, 2, 3, 4]


def test_a_watched_job_is_told_when_it_changes_until_it_has_ended() -> None:
    running = {"name": "jobs/j", "state": "RUNNING", "progress": 10}
    done = running | {"state": "SUCCEEDED", "progress": 100}
    script = Script(events(running, running, cut=True), events(running, done))
    got = script.run(following(JobStream("j"), script.policy))
    assert [job.state for job in got] == [JobState.RUNNING, JobState.SUCCEEDED]
