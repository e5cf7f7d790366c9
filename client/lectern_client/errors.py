"""What can go wrong.

LecternError
├── ConnectionFailed          no answer was had
├── StreamInterrupted         a stream broke off and could not be read on in time; `turn` and `sequence` say where
└── ApiError                  the server said no; `reason` says why
    ├── InvalidArgument       a field is missing, malformed or out of bounds; `field` names it
    ├── Unauthenticated       no valid token
    ├── PermissionDenied      the role does not reach the call
    ├── NotFound              no such resource, or not yours
    ├── Conflict              it exists, or somebody else holds it
    ├── FailedPrecondition    the state does not allow this
    ├── RateLimited           too much, too often; `retry_after` says when to come back
    ├── Unavailable           a part that the call needs does not answer
    └── ServerError           a defect; `request_id` finds it
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from lectern_client.model.reasons import ErrorReason


class LecternError(Exception):
    """An error of this client; its text is a sentence for people."""


class ConnectionFailed(LecternError):
    """`sent` says whether the request may have arrived."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class StreamInterrupted(LecternError):
    """`turn` may be read on after `sequence` by `resume`; it is empty where nothing had come yet."""

    def __init__(self, message: str, turn: str = "", sequence: int = 0) -> None:
        super().__init__(message)
        self.turn = turn
        self.sequence = sequence


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the server said beside its message; `retry_after` is in seconds."""

    status: int
    reason: ErrorReason = ErrorReason.UNSPECIFIED
    request_id: str = ""
    retry_after: float | None = None
    field: str = ""
    metadata: Mapping[str, str] = dataclasses.field(default_factory=dict)


class ApiError(LecternError):
    """`temporary` ones may pass by themselves; `refused` ones were surely not served."""

    def __init__(self, message: str, refusal: Refusal) -> None:
        super().__init__(message)
        self.message = message
        self.status = refusal.status
        self.reason = refusal.reason
        self.request_id = refusal.request_id
        self.retry_after = refusal.retry_after
        self.field = refusal.field
        self.metadata = refusal.metadata

    @property
    def temporary(self) -> bool:
        return False

    @property
    def refused(self) -> bool:
        return self.temporary and self.retry_after is not None


class InvalidArgument(ApiError): ...


class Unauthenticated(ApiError): ...


class PermissionDenied(ApiError): ...


class NotFound(ApiError): ...


class Conflict(ApiError): ...


class FailedPrecondition(ApiError): ...


class RateLimited(ApiError):
    @property
    def temporary(self) -> bool:
        return self.reason is not ErrorReason.BUDGET_EXHAUSTED


class Unavailable(ApiError):
    @property
    def temporary(self) -> bool:
        return self.reason is not ErrorReason.STREAM_INTERRUPTED


class ServerError(ApiError): ...
