"""A server span around every call, under the caller's trace, and the request id in every log line."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from opentelemetry import propagate, trace

from kit.call import Call


@asynccontextmanager
async def tracing(call: Call) -> AsyncIterator[None]:
    """Names the span by the method, as OpenTelemetry's RPC conventions do."""
    call.request_id = call.metadata.get("x-request-id") or uuid.uuid4().hex
    service, _, method = call.method.removeprefix("/").partition("/")
    attributes = {
        "rpc.system": "grpc",
        "rpc.service": service,
        "rpc.method": method,
        "lectern.request_id": call.request_id,
    }
    parent = propagate.extract(dict(call.metadata))
    tracer = trace.get_tracer("kit.server")
    with (
        structlog.contextvars.bound_contextvars(request_id=call.request_id, rpc=call.method),
        tracer.start_as_current_span(
            f"{service}/{method}",
            context=parent,
            kind=trace.SpanKind.SERVER,
            attributes=attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as span,
    ):
        yield
        span.set_attribute("rpc.grpc.status", call.status)
