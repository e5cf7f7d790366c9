"""Errors of the domain become statuses here, and nowhere else; a defect becomes INTERNAL and says nothing of itself."""

from __future__ import annotations

from typing import Any

import grpc
import structlog

from kit import statuses
from kit.call import Call
from kit.errors import Internal, LecternError, Reason

log = structlog.get_logger()

LOGGED = {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE}


async def refuse(call: Call, context: grpc.aio.ServicerContext[Any, Any], error: Exception) -> None:
    """Ends the call with the error's status, ErrorInfo and, where there is one, Retry-After."""
    if isinstance(error, grpc.aio.AbortError):
        raise error
    told = reported(call, error)
    trailing = statuses.to_metadata(told)
    if told.retry_after is not None:
        trailing += (("retry-after", str(max(1, round(told.retry_after)))),)
    await context.abort(statuses.code_of(told), told.message, trailing)


def reported(call: Call, error: Exception) -> LecternError:
    """What the caller may be told of the error, which is logged where the people on call want to know of it."""
    if not isinstance(error, LecternError):
        log.error("call_failed", rpc=call.method, request_id=call.request_id, exc_info=error)
        return Internal(f"something went wrong on our side; the request id is {call.request_id}")
    if statuses.code_of(error) in LOGGED and error.reason != Reason.SHUTTING_DOWN:
        log.warning("call_refused", rpc=call.method, reason=error.reason, message=error.message)
    return error
