from google.protobuf import json_format
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kit import statuses
from kit.errors import NotFound, Reason


async def elsewhere(request: Request, error: Exception) -> Response:
    """For paths and methods that nothing serves: `google.rpc.Status`, as everywhere under `/v1`."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    refused = NotFound("there is no such path or method here", Reason.UNKNOWN_METHOD)
    return JSONResponse(json_format.MessageToDict(statuses.to_status(refused)), status)
