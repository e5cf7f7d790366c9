"""Who may call the HTTP face, and what is around every call there: a trace, a deadline, errors in a known shape."""

import functools
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext

import structlog
from opentelemetry import propagate, trace
from prometheus_client import Histogram
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from kit.auth.caller import Caller
from kit.auth.sessions import CSRF_HEADER, bearer_token
from kit.auth.tokens import UserTokens
from kit.call import CURRENT, Call
from kit.errors import Internal, LecternError, Unauthenticated
from kit.limits.turnstile import Turnstile
from kit.telemetry.exemplars import exemplar
from kit.telemetry.metrics import SECONDS as SECONDS_OF_CALLS

SECONDS = 120.0
REQUEST_ID = re.compile(r"[!-~]{1,128}")

Endpoint = Callable[[Request, Caller], Awaitable[Response]]
Refusal = Callable[[LecternError], Response]
Admitting = Callable[[], AbstractContextManager[None]]

# What is counted of a call whose client went away, as nginx calls it.
LEFT = 499

DURATION = Histogram(
    "http_server_request_duration_seconds",
    "Duration of calls of the HTTP face",
    ["endpoint", "http_response_status_code"],
    buckets=SECONDS_OF_CALLS,
)

log = structlog.get_logger()
tracer = trace.get_tracer("lectern.gateway.http")


class Door:
    """Lets callers in by their token or their page's session; without either, `guest` where there is one."""

    def __init__(
        self,
        tokens: UserTokens,
        refuse: Refusal,
        guest: Caller | None = None,
        *,
        turnstile: Turnstile | None = None,
        seconds: float = SECONDS,
    ) -> None:
        """`refuse` puts an error into the shape that the clients of these paths read; calls may take `seconds`."""
        self._tokens = tokens
        self._refuse = refuse
        self._guest = guest
        self._turnstile = turnstile
        self.seconds = seconds

    def __call__(self, endpoint: Endpoint, admitting: Admitting = nullcontext) -> "Admitted":
        """`admitting` is around letting callers in: some endpoints count whom the door turns away."""
        return Admitted(self, endpoint, admitting)

    async def caller(self, headers: Mapping[str, str]) -> Caller:
        """Who calls; raises Unauthenticated, and ResourceExhausted for who calls too often."""
        caller = await self._identified(headers)
        if self._turnstile is not None:
            await self._turnstile.admit(caller)
        return caller

    async def _identified(self, headers: Mapping[str, str]) -> Caller:
        if self._guest is not None and not {"authorization", CSRF_HEADER} & set(headers):
            return self._guest
        token = bearer_token(headers)
        if not token:
            raise Unauthenticated("a bearer token is required")
        return await self._tokens.verify(token)

    def refusal(self, error: Exception, request_id: str) -> Response:
        """The answer to a call that failed; a defect says nothing of itself."""
        if not isinstance(error, LecternError):
            log.error("http_call_failed", exc_info=error)
            error = Internal(f"something went wrong on our side; the request id is {request_id}")
        response = self._refuse(error)
        if error.retry_after is not None:
            response.headers["retry-after"] = str(max(1, round(error.retry_after)))
        return response


class Admitted:
    """An endpoint behind the door, as an ASGI application."""

    def __init__(self, door: Door, endpoint: Endpoint, admitting: Admitting) -> None:
        self._door = door
        self._endpoint = endpoint
        self._admitting = admitting
        name = getattr(endpoint, "__qualname__", type(endpoint).__name__)
        self._served = functools.cache(functools.partial(DURATION.labels, name))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request, begun, status = Request(scope, receive, send), time.perf_counter(), LEFT
        with _call_of(request, self._door.seconds) as call:
            try:
                response = await self._answer(request, call)
                if response is not None:
                    await response(scope, receive, send)
                    status = response.status_code
            finally:
                self._served(status).observe(time.perf_counter() - begun, exemplar())

    async def _answer(self, request: Request, call: Call) -> Response | None:
        """None where the client has gone."""
        try:
            with self._admitting():
                call.caller = await self._door.caller(request.headers)
            return await self._endpoint(request, call.caller)
        except ClientDisconnect:
            return None
        except Exception as error:
            return self._door.refusal(error, call.request_id)


@contextmanager
def _call_of(request: Request, seconds: float) -> Iterator[Call]:
    """The call that is current until its answer was sent, under the trace of whoever asked."""
    path, headers = request.scope.get("path", ""), request.headers
    call = Call(path, {}, time.monotonic() + seconds)
    given = headers.get("x-request-id", "")
    call.request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
    # Each request has a task and so a context of its own: nothing that is set here has to be taken back.
    CURRENT.set(call)
    structlog.contextvars.bind_contextvars(request_id=call.request_id, path=path)
    attributes = {"http.request.method": request.method, "url.path": path, "lectern.request_id": call.request_id}
    with tracer.start_as_current_span(request.method, propagate.extract(headers), trace.SpanKind.SERVER, attributes):
        yield call
