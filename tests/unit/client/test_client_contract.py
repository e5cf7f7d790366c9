"""The client's values beside the protos that they stand for."""

import dataclasses
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

import pytest
from lectern.chat.v1 import chat_pb2
from lectern.context.v1 import courses_pb2
from lectern.errors.v1 import errors_pb2
from lectern.inference.v1 import operations_pb2
from lectern.jobs.v1 import jobs_pb2
from lectern.ops.v1 import ops_pb2
from lectern.threads.v1 import reports_pb2, threads_pb2

from lectern_client.model import courses, jobs, operating, reasons, threads, turns
from lectern_client.protocol.wire import decode

MESSAGES: dict[type[Any], Any] = {
    turns.Citation: chat_pb2.Citation,
    turns.TokenUsage: chat_pb2.TokenUsage,
    turns.Turn: chat_pb2.Turn,
    threads.Thread: threads_pb2.Thread,
    threads.Message: threads_pb2.Message,
    threads.SearchResult: threads_pb2.SearchThreadsResponse.Result,
    threads.Report: reports_pb2.Report,
    threads.Point: reports_pb2.Report.Point,
    courses.Course: courses_pb2.Course,
    courses.Video: courses_pb2.Video,
    courses.ImportedVideo: courses_pb2.ImportVideoResponse,
    jobs.Job: jobs_pb2.Job,
    jobs.JobStep: jobs_pb2.Job.Step,
    jobs.JobError: jobs_pb2.Job.Error,
    operating.Health: ops_pb2.Health,
    operating.Dependency: ops_pb2.Health.Dependency,
    operating.Usage: operations_pb2.Usage,
    operating.UsageLine: operations_pb2.Usage.Line,
    operating.UsageTotals: operations_pb2.Usage.Totals,
}
ENUMS: dict[type[Enum], Any] = {
    reasons.ErrorReason: errors_pb2.ErrorReason,
    turns.TurnState: chat_pb2.Turn.State,
    threads.Role: threads_pb2.Message.Role,
    courses.Visibility: courses_pb2.Course.Visibility,
    courses.TutoringPolicy: courses_pb2.Course.Policy,
    courses.CaptionFormat: courses_pb2.ImportVideoRequest.Format,
    jobs.JobState: jobs_pb2.Job.State,
    operating.HealthStatus: ops_pb2.Health.Status,
}


@pytest.mark.parametrize("kind", MESSAGES)
def test_a_value_has_the_fields_of_its_message(kind: type[Any]) -> None:
    assert {each.name for each in dataclasses.fields(kind)} <= {f.name for f in MESSAGES[kind].DESCRIPTOR.fields}


@pytest.mark.parametrize("name", turns.BY_NAME)
def test_an_event_has_the_fields_of_its_message(name: str) -> None:
    message: Any = chat_pb2.TurnEvent.DESCRIPTOR.fields_by_name[name].message_type
    names = {each.name for each in dataclasses.fields(turns.BY_NAME[name])}
    assert names == {"sequence", *(field.name for field in message.fields)}


@pytest.mark.parametrize("kind", ENUMS)
def test_an_enumeration_has_the_names_of_the_contract(kind: type[Enum]) -> None:
    names = {value.name.removeprefix("ERROR_REASON_") for value in ENUMS[kind].DESCRIPTOR.values}
    assert {each.value for each in kind} - {"UNSPECIFIED"} <= names


def test_values_are_read_from_proto_json() -> None:
    read = decode(
        turns.Turn,
        {
            "name": "threads/t/turns/u",
            "citations": [{"videoUrl": "https://v.example/1", "startOffset": "83.500s", "verified": True}],
            "usage": {"promptTokens": 3},
            "state": "COMPLETED",
            "createTime": "2026-11-27T12:00:00.250Z",
            "failureReason": "SOMETHING_NEW",
            "aFieldOfLater": {},
        },
    )
    (citation,) = read.citations
    assert citation.start_offset == timedelta(seconds=83.5)
    assert citation.link == "https://v.example/1#t=83"
    assert read.create_time == datetime(2026, 11, 27, 12, 0, 0, 250_000, tzinfo=UTC)
    assert (read.usage.prompt_tokens, read.state) == (3, turns.TurnState.COMPLETED)
    assert read.failure_reason is reasons.ErrorReason.UNSPECIFIED
