"""Errors of the domain in the shape that OpenAI's clients read."""

from typing import Any

from starlette.responses import JSONResponse

from kit.errors import LecternError, Reason, ResourceExhausted, Unauthenticated
from services.gateway.http.statuses import http_status

CODES = {
    Reason.UNAUTHENTICATED: "invalid_api_key",
    Reason.TOKEN_EXPIRED: "invalid_api_key",
    Reason.RATE_LIMITED: "rate_limit_exceeded",
    Reason.BUDGET_EXHAUSTED: "insufficient_quota",
    Reason.CONTEXT_TOO_LONG: "context_length_exceeded",
    Reason.CONTENT_REFUSED: "content_policy_violation",
}
# Asking again does not help; the official clients obey this header.
FINAL = {"x-should-retry": "false"}


def error_body(error: LecternError) -> dict[str, Any]:
    code = error.metadata.get("code") or CODES.get(error.reason, error.reason.lower())
    return {"error": {"message": error.message, "type": _type(error), "param": error.field or None, "code": code}}


def error_response(error: LecternError) -> JSONResponse:
    headers = FINAL if error.reason is Reason.BUDGET_EXHAUSTED else None
    return JSONResponse(error_body(error), http_status(error), headers)


def _type(error: LecternError) -> str:
    if isinstance(error, Unauthenticated):
        return "authentication_error"
    if isinstance(error, ResourceExhausted):
        return "insufficient_quota" if error.reason is Reason.BUDGET_EXHAUSTED else "rate_limit_error"
    return "server_error" if http_status(error) >= 500 else "invalid_request_error"
