"""Refusals of the server as errors: `google.rpc.Status` as JSON, or whatever a proxy between put in its place."""

import json
from collections.abc import Mapping
from typing import Any

from lectern_client import errors
from lectern_client.model.reasons import ErrorReason
from lectern_client.protocol.requests import Reply

# By the number of google.rpc.Code.
BY_CODE: Mapping[int, type[errors.ApiError]] = {
    3: errors.InvalidArgument,
    4: errors.Unavailable,
    5: errors.NotFound,
    6: errors.Conflict,
    7: errors.PermissionDenied,
    8: errors.RateLimited,
    9: errors.FailedPrecondition,
    10: errors.Conflict,
    11: errors.InvalidArgument,
    12: errors.NotFound,
    14: errors.Unavailable,
    16: errors.Unauthenticated,
}
BY_STATUS: Mapping[int, type[errors.ApiError]] = {
    400: errors.InvalidArgument,
    401: errors.Unauthenticated,
    403: errors.PermissionDenied,
    404: errors.NotFound,
    409: errors.Conflict,
    413: errors.InvalidArgument,
    429: errors.RateLimited,
    502: errors.Unavailable,
    503: errors.Unavailable,
    504: errors.Unavailable,
}


def failure_of(reply: Reply, body: bytes) -> errors.ApiError:
    """The error that an answer of 400 and above stands for."""
    status = _status(body)
    if status is None:
        kind = BY_STATUS.get(reply.status, errors.ServerError)
        return kind(_text(reply, body), _refusal(reply, {}))
    return failure_in(status, reply)


def failure_in(status: Mapping[str, Any], reply: Reply) -> errors.ApiError:
    """The error that a status stands for, also one in the middle of a stream."""
    kind = BY_CODE.get(status["code"], errors.ServerError)
    return kind(status.get("message") or f"HTTP {reply.status}", _refusal(reply, _details(status)))


def is_status(data: Mapping[str, Any]) -> bool:
    return isinstance(data.get("code"), int) and "sequence" not in data


def _status(body: bytes) -> Mapping[str, Any] | None:
    try:
        read = json.loads(body)
    except ValueError:
        return None
    return read if isinstance(read, dict) and is_status(read) else None


def _details(status: Mapping[str, Any]) -> dict[str, Any]:
    """ErrorInfo, BadRequest and RetryInfo as one: their fields have different names."""
    merged: dict[str, Any] = {}
    for detail in status.get("details", ()):
        merged |= detail
    return merged


def _refusal(reply: Reply, details: Mapping[str, Any]) -> errors.Refusal:
    violations = details.get("fieldViolations") or [{}]
    return errors.Refusal(
        status=reply.status,
        reason=ErrorReason(details.get("reason", "")),
        request_id=reply.headers.get("x-request-id", ""),
        retry_after=_seconds(reply.headers.get("retry-after") or details.get("retryDelay", "")),
        field=violations[0].get("field", ""),
        metadata=details.get("metadata", {}),
    )


def _seconds(text: str) -> float | None:
    try:
        return max(0.0, float(text.removesuffix("s")))
    except ValueError:
        return None


def _text(reply: Reply, body: bytes) -> str:
    said = body[:200].decode("utf-8", "replace").strip()
    return f"HTTP {reply.status}: {said}" if said else f"HTTP {reply.status}"
