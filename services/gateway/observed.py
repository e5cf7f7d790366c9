"""What the people on call see of chat: how requests end, and how long they take. The same through every door."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager

from opentelemetry import trace
from prometheus_client import Counter, Histogram

from kit import deadline
from kit.call import current_call
from kit.errors import (
    AlreadyExists,
    Conflict,
    DeadlineExceeded,
    FailedPrecondition,
    InvalidArgument,
    LecternError,
    NotFound,
    PermissionDenied,
    Reason,
    ResourceExhausted,
    Unauthenticated,
)
from kit.telemetry.exemplars import exemplar
from kit.telemetry.metrics import SECONDS
from services.gateway.model import Completed, Delta, Event, Failed

# `failed` alone is ours to be woken for. `left`: the reader went away; `cancelled`: somebody pressed Stop;
# `refused`: the request was at fault, or over a limit; `degraded`: answered by the passages, without a model.
STATUSES = ("completed", "degraded", "failed", "left", "cancelled", "refused")
# Of these the time says something of us.
TIMED = frozenset({"completed", "degraded", "failed"})

CALLERS_FAULT = (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
    Unauthenticated,
)
REFUSED = frozenset({Reason.RATE_LIMITED, Reason.BUDGET_EXHAUSTED, Reason.CONTENT_REFUSED, Reason.CONTEXT_TOO_LONG})
# A call whose time is up is cancelled by the transport's clock, which is not quite ours.
NO_TIME_LEFT = 0.05
# Who grants less, in seconds, has gone by himself when it is over: no answer of a model is promised so soon.
PATIENCE = 10.0

_requests = Counter("ai_chat_requests", "Chat requests by how they ended", ["status"])
_ended = {status: _requests.labels(status) for status in STATUSES}
_duration = Histogram(
    "ai_chat_request_duration_seconds", "Duration of chat requests that ran to their end", buckets=SECONDS
)
_first = Histogram("ai_chat_time_to_first_token_seconds", "Time to the first text", buckets=SECONDS)


def left() -> str:
    """What a request comes to whose reader is gone: it may have been given up because we were too slow."""
    time_left = deadline.remaining()
    return "failed" if time_left is not None and time_left < NO_TIME_LEFT and _patient() else "left"


def _patient() -> bool:
    call = current_call()
    return call is None or call.granted is None or call.granted >= PATIENCE


async def observed(
    events: AsyncGenerator[Event, None], interrupted: Callable[[], str] = left
) -> AsyncGenerator[Event, None]:
    """The same events; counts the request, its duration and the time to its first text.

    `interrupted` names the status of one that is not read to its end; an empty one is not counted.
    """
    begun, status, told = time.perf_counter(), "", False
    try:
        async with aclosing(events):
            async for event in events:
                if not told and isinstance(event.happening, Delta):
                    told = True
                    waited = time.perf_counter() - begun
                    _first.observe(waited, exemplar())
                    # By which a collector finds the turns that began late.
                    trace.get_current_span().set_attribute("lectern.first_text_ms", round(waited * 1000))
                if event.final:
                    status = _status_of(event)
                yield event
        status = status or "failed"
    except (GeneratorExit, asyncio.CancelledError):
        status = status or interrupted()
        raise
    except LecternError as error:
        status = status_of_error(error)
        raise
    except Exception:
        status = "failed"
        raise
    finally:
        _count(status, time.perf_counter() - begun)


@contextmanager
def refusals() -> Iterator[None]:
    """Around what is asked of a request before it becomes a turn: counts those that are refused there."""
    try:
        yield
    except LecternError as error:
        _count(status_of_error(error), 0.0)
        raise


def status_of_error(error: LecternError) -> str:
    if error.reason is Reason.TURN_CANCELLED:
        return "cancelled"
    if isinstance(error, DeadlineExceeded) and not _patient():
        return "left"
    if isinstance(error, Conflict):
        return "failed" if error.reason is Reason.LEASE_LOST else "refused"
    return "refused" if isinstance(error, CALLERS_FAULT) else "failed"


def _status_of(event: Event) -> str:
    match event.happening:
        case Completed(turn):
            return "degraded" if turn.degraded else "completed"
        case Failed(reason=Reason.TURN_CANCELLED):
            return "cancelled"
        case Failed(reason=reason) if reason in REFUSED:
            return "refused"
    return "failed"


def _count(status: str, seconds: float) -> None:
    if not status:
        return
    of_trace = exemplar()
    _ended[status].inc(exemplar=of_trace)
    if status in TIMED:
        _duration.observe(seconds, of_trace)
