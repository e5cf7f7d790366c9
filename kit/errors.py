"""The errors of the domain. Services raise them; `kit.statuses` turns them into gRPC statuses, in one place.

LecternError
├── InvalidArgument      a field is missing, malformed or out of bounds        INVALID_ARGUMENT     400
├── Unauthenticated      no valid token                                        UNAUTHENTICATED      401
├── PermissionDenied     the role does not reach the call                      PERMISSION_DENIED    403
├── NotFound             no such resource, or not the caller's                 NOT_FOUND            404
├── AlreadyExists        the resource exists                                   ALREADY_EXISTS       409
├── Conflict             another process or turn holds it                      ABORTED              409
├── FailedPrecondition   the state does not allow this                         FAILED_PRECONDITION  400
├── ResourceExhausted    too much, too often; `retry_after` says when          RESOURCE_EXHAUSTED   429
├── Unavailable          a part that the call needs does not answer; as above  UNAVAILABLE          503
├── DeadlineExceeded     the time ran out                                      DEADLINE_EXCEEDED    504
└── Internal             a defect                                              INTERNAL             500
"""

from collections.abc import Mapping
from enum import StrEnum


class Reason(StrEnum):
    """Machine-readable reasons; the same names as `lectern.errors.v1.ErrorReason`."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    TOKEN_EXPIRED = "TOKEN_EXPIRED"  # noqa: S105 - the name of a reason, not a secret
    ROLE_REQUIRED = "ROLE_REQUIRED"
    UNKNOWN_METHOD = "UNKNOWN_METHOD"
    INVALID_ARGUMENT = "INVALID_ARGUMENT"
    MESSAGE_EMPTY = "MESSAGE_EMPTY"
    TOO_LARGE = "TOO_LARGE"
    PAGE_TOKEN_INVALID = "PAGE_TOKEN_INVALID"  # noqa: S105 - the name of a reason, not a secret
    COURSE_NOT_FOUND = "COURSE_NOT_FOUND"
    VIDEO_NOT_FOUND = "VIDEO_NOT_FOUND"
    THREAD_NOT_FOUND = "THREAD_NOT_FOUND"
    TURN_NOT_FOUND = "TURN_NOT_FOUND"
    NOT_FOUND = "NOT_FOUND"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    TRANSCRIPT_INVALID = "TRANSCRIPT_INVALID"
    TURN_IN_PROGRESS = "TURN_IN_PROGRESS"
    ETAG_MISMATCH = "ETAG_MISMATCH"
    LEASE_LOST = "LEASE_LOST"
    EVENTS_EXPIRED = "EVENTS_EXPIRED"
    TURN_CANCELLED = "TURN_CANCELLED"
    PROVIDERS_UNAVAILABLE = "PROVIDERS_UNAVAILABLE"
    CONTENT_REFUSED = "CONTENT_REFUSED"
    CONTEXT_TOO_LONG = "CONTEXT_TOO_LONG"
    STREAM_INTERRUPTED = "STREAM_INTERRUPTED"
    RATE_LIMITED = "RATE_LIMITED"
    BUDGET_EXHAUSTED = "BUDGET_EXHAUSTED"
    DEPENDENCY_UNAVAILABLE = "DEPENDENCY_UNAVAILABLE"
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    SHUTTING_DOWN = "SHUTTING_DOWN"
    QUEUES_DISABLED = "QUEUES_DISABLED"
    JOB_STATE_CONFLICT = "JOB_STATE_CONFLICT"
    DOCUMENT_UNREADABLE = "DOCUMENT_UNREADABLE"
    ADDRESS_REFUSED = "ADDRESS_REFUSED"
    INTERNAL = "INTERNAL"


# How soon to come back where nobody says it otherwise; budgets are filled up by the day at the earliest.
RETRY_AFTER = {Reason.BUDGET_EXHAUSTED: 3600.0}


class LecternError(Exception):
    """An error that a client may see: a sentence, a reason, and what belongs to it."""

    default_reason = Reason.INTERNAL
    default_retry_after: float | None = None

    def __init__(
        self,
        message: str,
        reason: Reason | None = None,
        *,
        field: str = "",
        retry_after: float | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """`field` names the request's field at fault; `retry_after` is in seconds."""
        super().__init__(message)
        self.message = message
        self.reason = reason or self.default_reason
        self.field = field
        usual = RETRY_AFTER.get(self.reason, self.default_retry_after)
        self.retry_after = usual if retry_after is None else retry_after
        self.metadata = dict(metadata or {})


class InvalidArgument(LecternError):
    default_reason = Reason.INVALID_ARGUMENT


class Unauthenticated(LecternError):
    default_reason = Reason.UNAUTHENTICATED


class PermissionDenied(LecternError):
    default_reason = Reason.ROLE_REQUIRED


class NotFound(LecternError):
    default_reason = Reason.NOT_FOUND


class AlreadyExists(LecternError):
    default_reason = Reason.ALREADY_EXISTS


class Conflict(LecternError):
    default_reason = Reason.LEASE_LOST


class FailedPrecondition(LecternError):
    default_reason = Reason.INVALID_ARGUMENT


class ResourceExhausted(LecternError):
    default_reason = Reason.RATE_LIMITED
    default_retry_after = 1.0


class Unavailable(LecternError):
    default_reason = Reason.DEPENDENCY_UNAVAILABLE
    default_retry_after = 1.0


class DeadlineExceeded(LecternError):
    default_reason = Reason.DEADLINE_EXCEEDED


class Internal(LecternError):
    default_reason = Reason.INTERNAL
