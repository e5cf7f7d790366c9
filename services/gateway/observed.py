"""What the people on call see of chat."""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

from prometheus_client import Counter, Histogram

from kit.telemetry.metrics import SECONDS
from services.gateway.model import Completed, Delta, Event

_requests = Counter("ai_chat_requests", "Chat requests by how they ended", ["status"])
_duration = Histogram("ai_chat_request_duration_seconds", "Duration of chat requests", buckets=SECONDS)
_first = Histogram("ai_chat_time_to_first_token_seconds", "Time to the first text", buckets=SECONDS)


async def observed(events: AsyncGenerator[Event, None]) -> AsyncGenerator[Event, None]:
    """The same events; counts the request, its duration and the time to its first text."""
    begun, status, told = time.perf_counter(), "failed", False
    try:
        async with aclosing(events):
            async for event in events:
                if not told and isinstance(event.happening, Delta):
                    told = True
                    _first.observe(time.perf_counter() - begun)
                if event.final:
                    status = "completed" if isinstance(event.happening, Completed) else "failed"
                yield event
    except GeneratorExit:
        status = "left"
        raise
    finally:
        _requests.labels(status).inc()
        _duration.observe(time.perf_counter() - begun)
