"""A server span around every call, under the caller's trace, and an id by which the call is found in the logs."""

import secrets
from collections.abc import Awaitable
from typing import Any

from opentelemetry import context, propagate, trace

from kit.call import Call
from kit.interceptors.pipeline import Proceed
from kit.telemetry.spans import recorded


def tracing(call: Call, proceed: Proceed) -> Awaitable[Any]:
    """Makes a span where spans are kept; elsewhere the caller's trace goes on, if there is one."""
    call.request_id = call.request_id or call.metadata.get("x-request-id") or secrets.token_hex(16)
    traced = "traceparent" in call.metadata
    if recorded():
        return _recorded(call, proceed, traced=traced)
    return _passed_on(call, proceed) if traced else proceed()


async def _recorded(call: Call, proceed: Proceed, *, traced: bool) -> Any:
    """Names the span by the method, as OpenTelemetry's RPC conventions do."""
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
        context=propagate.extract(call.metadata) if traced else None,
        kind=trace.SpanKind.SERVER,
        attributes=attributes,
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        try:
            return await proceed()
        finally:
            span.set_attribute("rpc.grpc.status", call.status)


async def _passed_on(call: Call, proceed: Proceed) -> Any:
    """Without a span of its own: the caller's trace goes on with what is called from here."""
    token = context.attach(propagate.extract(call.metadata))
    try:
        return await proceed()
    finally:
        context.detach(token)
