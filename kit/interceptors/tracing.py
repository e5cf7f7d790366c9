"""A server span around every call, under the caller's trace, and an id by which the call is found in the logs."""

import uuid
from typing import Any

from opentelemetry import propagate, trace

from kit.call import Call
from kit.interceptors.pipeline import Proceed
from kit.telemetry.spans import recorded


async def tracing(call: Call, proceed: Proceed) -> Any:
    """Names the span by the method, as OpenTelemetry's RPC conventions do."""
    call.request_id = call.request_id or call.metadata.get("x-request-id") or uuid.uuid4().hex
    traced = "traceparent" in call.metadata
    if not traced and not recorded():
        return await proceed()
    service, _, method = call.method.removeprefix("/").partition("/")
    attributes = {
        "rpc.system": "grpc",
        "rpc.service": service,
        "rpc.method": method,
        "lectern.request_id": call.request_id,
    }
    tracer = trace.get_tracer("kit.server")
    with tracer.start_as_current_span(
        f"{service}/{method}",
        context=propagate.extract(dict(call.metadata)) if traced else None,
        kind=trace.SpanKind.SERVER,
        attributes=attributes,
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        try:
            return await proceed()
        finally:
            span.set_attribute("rpc.grpc.status", call.status)
