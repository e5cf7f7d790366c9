"""What the people on call see of chat."""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

from opentelemetry import metrics

from services.gateway.model import Completed, Delta, Event

_meter = metrics.get_meter("lectern.gateway")
_requests = _meter.create_counter("ai_chat_requests", description="Chat requests by how they ended")
_duration = _meter.create_histogram("ai_chat_request_duration", unit="s", description="Duration of chat requests")
_first = _meter.create_histogram("ai_chat_time_to_first_token", unit="s", description="Time to the first text")


async def observed(events: AsyncGenerator[Event, None]) -> AsyncGenerator[Event, None]:
    """The same events; counts the request, its duration and the time to its first text."""
    begun, status, told = time.perf_counter(), "failed", False
    try:
        async with aclosing(events):
            async for event in events:
                if not told and isinstance(event.happening, Delta):
                    told = True
                    _first.record(time.perf_counter() - begun)
                if event.final:
                    status = "completed" if isinstance(event.happening, Completed) else "failed"
                yield event
    except GeneratorExit:
        status = "left"
        raise
    finally:
        _requests.add(1, {"status": status})
        _duration.record(time.perf_counter() - begun)
