import grpc
import pytest
from google.rpc import error_details_pb2

from kit import errors, statuses


@pytest.mark.parametrize("kind", list(statuses.CODES))
def test_every_error_has_its_status(kind: type[errors.LecternError]) -> None:
    status = statuses.to_status(kind("words"))
    assert status.message == "words"
    assert grpc.StatusCode[statuses.code_of(kind("words")).name].value[0] == status.code


def test_details_carry_reason_field_and_delay() -> None:
    error = errors.ResourceExhausted("slow down", field="message", retry_after=2.5, metadata={"limit": "10"})
    info, bad, retry = (
        error_details_pb2.ErrorInfo(),
        error_details_pb2.BadRequest(),
        error_details_pb2.RetryInfo(),
    )
    details = statuses.to_status(error).details
    assert details[0].Unpack(info)
    assert details[1].Unpack(bad)
    assert details[2].Unpack(retry)
    assert (info.reason, info.domain, dict(info.metadata)) == ("RATE_LIMITED", "lectern", {"limit": "10"})
    assert bad.field_violations[0].field == "message"
    assert retry.retry_delay.ToMilliseconds() == 2500


def test_a_peers_status_becomes_the_same_error_again() -> None:
    error = errors.NotFound("no such course", errors.Reason.COURSE_NOT_FOUND, field="course", retry_after=1.0)
    metadata = grpc.aio.Metadata(*statuses.to_metadata(error))
    received = grpc.aio.AioRpcError(statuses.code_of(error), grpc.aio.Metadata(), metadata, error.message)
    again = statuses.from_rpc_error(received)
    assert type(again) is errors.NotFound
    assert (again.message, again.reason, again.field, again.retry_after) == (
        "no such course",
        errors.Reason.COURSE_NOT_FOUND,
        "course",
        1.0,
    )


@pytest.mark.parametrize(
    ("code", "kind", "retry_after"),
    [
        (grpc.StatusCode.UNAVAILABLE, errors.Unavailable, 1.0),
        (grpc.StatusCode.CANCELLED, errors.Unavailable, 1.0),
        (grpc.StatusCode.DEADLINE_EXCEEDED, errors.DeadlineExceeded, None),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, errors.Internal, None),
        (grpc.StatusCode.UNKNOWN, errors.Internal, None),
    ],
)
def test_what_grpc_says_itself_is_not_told(
    code: grpc.StatusCode, kind: type[errors.LecternError], retry_after: float | None
) -> None:
    said = "connections to all backends failing; last error: ipv4:10.0.0.7:50053: Socket closed"
    received = grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata(), said)
    told = statuses.from_rpc_error(received)
    assert (type(told), told.retry_after) == (kind, retry_after)
    assert "10.0.0.7" not in told.message


@pytest.mark.parametrize("kind", [errors.Unavailable, errors.ResourceExhausted])
def test_who_is_sent_away_is_told_when_to_come_back(kind: type[errors.LecternError]) -> None:
    assert kind("words").retry_after == 1.0
    assert kind("words", retry_after=0).retry_after == 0
    assert errors.ResourceExhausted("spent", errors.Reason.BUDGET_EXHAUSTED).retry_after == 3600.0
