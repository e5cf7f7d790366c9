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


def test_a_status_without_details_keeps_its_kind() -> None:
    received = grpc.aio.AioRpcError(grpc.StatusCode.UNAVAILABLE, grpc.aio.Metadata(), grpc.aio.Metadata(), "gone")
    assert isinstance(statuses.from_rpc_error(received), errors.Unavailable)
