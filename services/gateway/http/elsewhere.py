"""Answers for paths and methods that nothing serves, in the shape that the clients of those paths read."""

from collections.abc import Awaitable, Callable, Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from kit.errors import NotFound, Reason
from services.gateway.http.statuses import status_response

Handler = Callable[[Request, Exception], Awaitable[Response]]


def elsewhere(shapes: Mapping[str, Handler]) -> Handler:
    """The shapes by the beginnings of paths; where none fits, `google.rpc.Status` as under `/v1`."""

    async def answer(request: Request, error: Exception) -> Response:
        path = request.scope.get("path", "")
        for beginning, shape in shapes.items():
            if path.startswith(beginning):
                return await shape(request, error)
        return _status(error)

    return answer


def _status(error: Exception) -> Response:
    response = status_response(NotFound("there is no such path or method here", Reason.UNKNOWN_METHOD))
    response.status_code = error.status_code if isinstance(error, HTTPException) else 500
    return response
