"""Logs as structured lines that carry the service, the request id and the trace."""

import logging
import sys
from typing import Any

import orjson
import structlog
from opentelemetry import trace

from kit.call import current_call
from kit.settings import CommonSettings


def configure_logs(name: str, settings: CommonSettings) -> None:
    """One line per event on standard error, as JSON or for people."""
    level = logging.getLevelNamesMapping().get(settings.log_level.upper(), logging.INFO)
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        _with_call,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _with_trace,
        _Named(name),
        structlog.processors.format_exc_info,
    ]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            exception_formatter=structlog.dev.plain_traceback,  # others print locals, and with them tokens
        )
        if settings.log_format == "console"
        else structlog.processors.JSONRenderer(serializer=_json)
    )
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(
        level=max(level, logging.WARNING), stream=sys.stderr, format="%(levelname)s %(name)s %(message)s"
    )


class _Named:
    def __init__(self, service: str) -> None:
        self._service = service

    def __call__(self, _: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event["service"] = self._service
        return event


def _with_call(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """By which the lines of one call are found; looked up when something is logged, because few calls log."""
    call = current_call()
    if call is not None:
        event.setdefault("request_id", call.request_id)
        if "path" not in event:  # calls of the HTTP face say where they came in
            event.setdefault("rpc", call.method)
    return event


def _with_trace(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = format(context.trace_id, "032x")
        event["span_id"] = format(context.span_id, "016x")
    return event


def _json(event: Any, **_: Any) -> str:
    return orjson.dumps(event, default=str).decode()
