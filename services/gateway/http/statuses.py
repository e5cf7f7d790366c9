from google.protobuf import json_format
from starlette.responses import JSONResponse, Response

from kit import errors, statuses

HTTP: dict[type[errors.LecternError], int] = {
    errors.InvalidArgument: 400,
    errors.Unauthenticated: 401,
    errors.PermissionDenied: 403,
    errors.NotFound: 404,
    errors.AlreadyExists: 409,
    errors.Conflict: 409,
    errors.FailedPrecondition: 400,
    errors.ResourceExhausted: 429,
    errors.Unavailable: 503,
    errors.DeadlineExceeded: 504,
    errors.Internal: 500,
}


def http_status(error: errors.LecternError) -> int:
    """The same status that the transcoder gives to the error; 413 for bodies and messages that are too large."""
    if error.reason is errors.Reason.TOO_LARGE:
        return 413
    return next((HTTP[kind] for kind in type(error).__mro__ if kind in HTTP), 500)


def status_response(error: errors.LecternError) -> Response:
    """The error as `google.rpc.Status`, as everywhere under `/v1`."""
    return JSONResponse(json_format.MessageToDict(statuses.to_status(error)), http_status(error))
