from starlette.responses import JSONResponse

from kit.errors import LecternError
from services.gateway.http.statuses import http_status


def error_response(error: LecternError) -> JSONResponse:
    """`{success: false, error, message}`, where `error` is the machine-readable reason."""
    body = {"success": False, "error": error.reason.value, "message": error.message}
    return JSONResponse(body, http_status(error))
