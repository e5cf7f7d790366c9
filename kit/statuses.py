"""Errors of the domain as gRPC statuses with `google.rpc` details, and back again."""

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2

from kit import errors

DOMAIN = "lectern"
DETAILS_KEY = "grpc-status-details-bin"

CODES: dict[type[errors.LecternError], grpc.StatusCode] = {
    errors.InvalidArgument: grpc.StatusCode.INVALID_ARGUMENT,
    errors.Unauthenticated: grpc.StatusCode.UNAUTHENTICATED,
    errors.PermissionDenied: grpc.StatusCode.PERMISSION_DENIED,
    errors.NotFound: grpc.StatusCode.NOT_FOUND,
    errors.AlreadyExists: grpc.StatusCode.ALREADY_EXISTS,
    errors.Conflict: grpc.StatusCode.ABORTED,
    errors.FailedPrecondition: grpc.StatusCode.FAILED_PRECONDITION,
    errors.ResourceExhausted: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.Unavailable: grpc.StatusCode.UNAVAILABLE,
    errors.DeadlineExceeded: grpc.StatusCode.DEADLINE_EXCEEDED,
    errors.Internal: grpc.StatusCode.INTERNAL,
}
ERRORS = {code: kind for kind, code in CODES.items()}
# What gRPC itself says where no peer has spoken; its own words name addresses and defects, and stay here.
UNSAID: dict[grpc.StatusCode, tuple[type[errors.LecternError], str]] = {
    grpc.StatusCode.UNAVAILABLE: (errors.Unavailable, "a part of the system cannot be reached"),
    # Of a call that we did not cancel: the peer has gone away.
    grpc.StatusCode.CANCELLED: (errors.Unavailable, "a part of the system went away during the call"),
    grpc.StatusCode.DEADLINE_EXCEEDED: (errors.DeadlineExceeded, "a part of the system did not answer in time"),
}


def code_of(error: errors.LecternError) -> grpc.StatusCode:
    return next((CODES[kind] for kind in type(error).__mro__ if kind in CODES), grpc.StatusCode.INTERNAL)


def to_status(error: errors.LecternError) -> status_pb2.Status:
    """The error as `google.rpc.Status`, with ErrorInfo and, where they apply, BadRequest and RetryInfo."""
    info = error_details_pb2.ErrorInfo(reason=error.reason.value, domain=DOMAIN, metadata=error.metadata)
    details: list[Message] = [info]
    if error.field:
        violation = error_details_pb2.BadRequest.FieldViolation(field=error.field, description=error.message)
        details.append(error_details_pb2.BadRequest(field_violations=[violation]))
    if error.retry_after is not None:
        delay = duration_pb2.Duration()
        delay.FromMilliseconds(round(error.retry_after * 1000))
        details.append(error_details_pb2.RetryInfo(retry_delay=delay))
    number = code_pb2.Code.Value(code_of(error).name)
    return status_pb2.Status(code=number, message=error.message, details=[_packed(detail) for detail in details])


def to_metadata(error: errors.LecternError) -> tuple[tuple[str, str | bytes], ...]:
    """Trailing metadata that carries the details of the error."""
    return ((DETAILS_KEY, to_status(error).SerializeToString()),)


def from_rpc_error(error: grpc.RpcError) -> errors.LecternError:
    """The error of the domain that a peer's status stands for."""
    code = error.code() if isinstance(error, grpc.aio.AioRpcError) else grpc.StatusCode.UNKNOWN
    status = _status_of(error)
    if status is None:
        kind, message = UNSAID.get(code, (errors.Internal, "a part of the system failed"))
        return kind(message)
    return _restored(ERRORS.get(code, errors.Internal), status)


def _restored(kind: type[errors.LecternError], status: status_pb2.Status) -> errors.LecternError:
    reason, field, retry_after, metadata = None, "", None, {}
    for detail in status.details:
        info, bad, retry = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
        if detail.Unpack(info):
            reason = errors.Reason(info.reason) if info.reason in errors.Reason.__members__ else None
            metadata = dict(info.metadata)
        elif detail.Unpack(bad) and bad.field_violations:
            field = bad.field_violations[0].field
        elif detail.Unpack(retry):
            retry_after = retry.retry_delay.ToMilliseconds() / 1000
    return kind(status.message, reason, field=field, retry_after=retry_after, metadata=metadata)


def _status_of(error: grpc.RpcError) -> status_pb2.Status | None:
    if not isinstance(error, grpc.aio.AioRpcError):
        return None
    for key, value in error.trailing_metadata() or ():
        if key == DETAILS_KEY and isinstance(value, bytes):
            return status_pb2.Status.FromString(value)
    return None


def _packed(message: Message) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed
